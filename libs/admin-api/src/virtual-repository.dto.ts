import { IsFlag, IsText, IsTextList } from './field-rules.js'
import { RepositoryDto } from './repository.dto.js'

export class VirtualRepositoryDto extends RepositoryDto {
  @IsTextList() repositories?: string[]
  @IsText() defaultDeploymentRepo?: string
  @IsFlag() artifactoryRequestsCanRetrieveRemoteArtifacts?: boolean
  @IsFlag() resolveDockerTagsByTimestamp?: boolean
}
