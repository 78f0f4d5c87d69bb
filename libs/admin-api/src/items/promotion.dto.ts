import { IsBoolean, IsOptional, IsString } from 'class-validator'

/** Artifactory's "Promote Docker Image". */
export class PromotionDto {
  @IsString()
  targetRepo!: string

  @IsString()
  dockerRepository!: string

  @IsOptional()
  @IsString()
  targetDockerRepository?: string

  @IsOptional()
  @IsString()
  tag?: string

  @IsOptional()
  @IsString()
  targetTag?: string

  @IsOptional()
  @IsBoolean()
  copy?: boolean
}
