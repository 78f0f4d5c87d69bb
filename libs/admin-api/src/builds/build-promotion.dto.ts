import { IsFlag, IsText } from '../field-rules.js'

/** Artifactory's promotion request, without its properties. */
export class BuildPromotionDto {
  @IsText() status?: string
  @IsText() comment?: string
  @IsText() ciUser?: string
  @IsText() timestamp?: string
  @IsText() sourceRepo?: string
  @IsText() targetRepo?: string
  @IsFlag() dryRun?: boolean
  @IsFlag() copy?: boolean
  @IsFlag() artifacts?: boolean
  @IsFlag() dependencies?: boolean
  @IsFlag() failFast?: boolean
}
