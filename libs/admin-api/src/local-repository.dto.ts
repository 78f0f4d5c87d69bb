import { IsCount, IsFlag, IsOneOf } from './field-rules.js'
import { RepositoryDto } from './repository.dto.js'

const maximumTags = 1_000_000

export class LocalRepositoryDto extends RepositoryDto {
  @IsOneOf(['V1', 'V2']) dockerApiVersion?: 'V1' | 'V2'
  @IsCount(0, maximumTags) maxUniqueTags?: number
  @IsCount(0, maximumTags) dockerTagRetention?: number
  @IsFlag() blockPushingSchema1?: boolean
}
