import { IsFlag, IsText, IsTextList } from '../field-rules.js'

export class DeleteBuildsDto {
  @IsText() project?: string
  @IsText() buildName?: string
  @IsTextList() buildNumbers?: string[]
  @IsFlag() deleteArtifacts?: boolean
  @IsFlag() deleteAll?: boolean
}

export class RetentionDto {
  @IsFlag() deleteBuildArtifacts?: boolean
  @IsText() minimumBuildDate?: string
  @IsTextList() buildNumbersNotToBeDiscarded?: string[]
}
