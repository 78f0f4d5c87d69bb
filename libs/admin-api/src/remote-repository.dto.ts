import {
  IsAddress,
  IsBasicPassword,
  IsBasicUserName,
  IsCount,
  IsFlag,
  IsPartOf,
  IsQueryParams,
  IsText,
  IsTextList,
  IsUpstreamUrl,
} from './field-rules.js'
import { RepositoryDto } from './repository.dto.js'

export interface ContentSynchronisation {
  readonly enabled?: boolean
  readonly statistics?: { readonly enabled?: boolean }
  readonly properties?: { readonly enabled?: boolean }
  readonly source?: { readonly originAbsenceDetection?: boolean }
}

export const noContentSynchronisation = {
  enabled: false,
  statistics: { enabled: false },
  properties: { enabled: false },
  source: { originAbsenceDetection: false },
} satisfies ContentSynchronisation

/** Ten years: longer is a mistake, and seconds times 1000 stay exact. */
const maximumPeriodSecs = 315_360_000

/** What a timer of Node can wait, in milliseconds. */
const maximumTimerMillis = 2_147_483_647
const maximumTimerSecs = Math.floor(maximumTimerMillis / 1000)

export class RemoteRepositoryDto extends RepositoryDto {
  @IsUpstreamUrl() url?: string
  @IsBasicUserName() username?: string
  @IsBasicPassword() password?: string
  @IsText() proxy?: string
  @IsFlag() disableProxy?: boolean
  @IsText() remoteRepoLayoutRef?: string
  @IsFlag() hardFail?: boolean
  @IsFlag() offline?: boolean
  @IsFlag() storeArtifactsLocally?: boolean
  @IsFlag() synchronizeProperties?: boolean
  @IsFlag() blockMismatchingMimeTypes?: boolean
  @IsText() mismatchingMimeTypesOverrideList?: string
  @IsFlag() allowAnyHostAuth?: boolean
  @IsFlag() enableCookieManagement?: boolean
  @IsFlag() bypassHeadRequests?: boolean
  @IsText() clientTlsCertificate?: string
  @IsFlag() listRemoteFolderItems?: boolean
  @IsFlag() disableUrlNormalization?: boolean
  @IsFlag() shareConfiguration?: boolean
  @IsPartOf(noContentSynchronisation) contentSynchronisation?: ContentSynchronisation
  @IsFlag() enableTokenAuthentication?: boolean
  @IsFlag() blockPushingSchema1?: boolean
  @IsFlag() externalDependenciesEnabled?: boolean
  @IsTextList() externalDependenciesPatterns?: string[]
  @IsText() dockerProjectId?: string
  @IsFlag() curated?: boolean
  @IsFlag() passThrough?: boolean
  @IsCount(0, maximumPeriodSecs) retrievalCachePeriodSecs?: number
  @IsCount(0, maximumPeriodSecs) missedRetrievalCachePeriodSecs?: number
  @IsCount(0, maximumPeriodSecs) assumedOfflinePeriodSecs?: number
  @IsCount(1, maximumTimerSecs) metadataRetrievalTimeoutSecs?: number
  @IsCount(1, maximumTimerMillis) socketTimeoutMillis?: number
  @IsCount(0, maximumPeriodSecs / 3600) unusedArtifactsCleanupPeriodHours?: number
  @IsAddress() localAddress?: string
  @IsQueryParams() queryParams?: string
}
