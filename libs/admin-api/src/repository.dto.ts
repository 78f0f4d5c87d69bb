import { IsFlag, IsOneOf, IsText, IsTextList } from './field-rules.js'

/** What the JSON of every docker repository may have. Artifactory's "repository configuration JSON". */
export class RepositoryDto {
  @IsText() key?: string
  @IsOneOf(['local', 'remote', 'virtual']) rclass?: 'local' | 'remote' | 'virtual'
  @IsOneOf(['docker'], ', which holds OCI artifacts of every type') packageType?: 'docker'
  @IsText() description?: string
  @IsText() notes?: string
  @IsText() includesPattern?: string
  @IsText() excludesPattern?: string
  @IsText() repoLayoutRef?: string
  @IsText() projectKey?: string
  @IsTextList() environments?: string[]
  @IsFlag() blackedOut?: boolean
  @IsFlag() xrayIndex?: boolean
  @IsFlag() priorityResolution?: boolean
  @IsFlag() archiveBrowsingEnabled?: boolean
  @IsFlag() downloadRedirect?: boolean
  @IsFlag() cdnRedirect?: boolean
  @IsTextList() propertySets?: string[]
}
