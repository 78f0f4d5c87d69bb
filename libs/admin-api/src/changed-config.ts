import { RegistryError } from '@entrepot/kernel'
import type {
  LocalConfig,
  RemoteConfig,
  RepositoryConfig,
  RepositoryKey,
  VirtualConfig,
} from '@entrepot/repositories'
import type { JsonObject } from './json-body.js'
import { keptFields } from './kept-fields.js'
import type { LocalRepositoryDto } from './local-repository.dto.js'
import type { RemoteRepositoryDto } from './remote-repository.dto.js'
import { parseRepositoryBody } from './repository-body.js'
import { parseRepositoryKey } from './repository-key.js'
import type { RepositoryDto } from './repository.dto.js'
import type { VirtualRepositoryDto } from './virtual-repository.dto.js'

type FindKey = (key: string) => RepositoryKey | undefined

/**
 * `current` with what `body` gives; what it doesn't give stays.
 * @param find the key of a repository that exists
 * @throws RegistryError REQUEST_INVALID
 */
export function changedConfig(current: RepositoryConfig, body: JsonObject, find: FindKey): RepositoryConfig {
  switch (current.rclass) {
    case 'local':
      return changedLocal(current, parseRepositoryBody('local', body))
    case 'remote':
      return changedRemote(current, parseRepositoryBody('remote', body))
    case 'virtual':
      return changedVirtual(current, parseRepositoryBody('virtual', body), find)
  }
}

function changedLocal(current: LocalConfig, dto: LocalRepositoryDto): LocalConfig {
  return {
    ...current,
    ...changedCommon(current, dto),
    blockPushingSchema1: dto.blockPushingSchema1 ?? current.blockPushingSchema1,
    maxUniqueTags: dto.maxUniqueTags ?? current.maxUniqueTags,
    dockerTagRetention: dto.dockerTagRetention ?? current.dockerTagRetention,
  }
}

function changedRemote(current: RemoteConfig, dto: RemoteRepositoryDto): RemoteConfig {
  return {
    ...current,
    ...changedCommon(current, dto),
    url: dto.url ?? current.url,
    username: dto.username ?? current.username,
    // Never shown, so a client that sends back what it read sends it empty: that means "keep".
    password: dto.password === undefined || dto.password === '' ? current.password : dto.password,
    retrievalCachePeriodSecs: dto.retrievalCachePeriodSecs ?? current.retrievalCachePeriodSecs,
    missedRetrievalCachePeriodSecs:
      dto.missedRetrievalCachePeriodSecs ?? current.missedRetrievalCachePeriodSecs,
    assumedOfflinePeriodSecs: dto.assumedOfflinePeriodSecs ?? current.assumedOfflinePeriodSecs,
    metadataRetrievalTimeoutSecs: dto.metadataRetrievalTimeoutSecs ?? current.metadataRetrievalTimeoutSecs,
    socketTimeoutMillis: dto.socketTimeoutMillis ?? current.socketTimeoutMillis,
    offline: dto.offline ?? current.offline,
    bypassHeadRequests: dto.bypassHeadRequests ?? current.bypassHeadRequests,
    allowAnyHostAuth: dto.allowAnyHostAuth ?? current.allowAnyHostAuth,
    queryParams: dto.queryParams ?? current.queryParams,
    hardFail: dto.hardFail ?? current.hardFail,
    blockMismatchingMimeTypes: dto.blockMismatchingMimeTypes ?? current.blockMismatchingMimeTypes,
    mismatchingMimeTypesOverrideList:
      dto.mismatchingMimeTypesOverrideList ?? current.mismatchingMimeTypesOverrideList,
    storeArtifactsLocally: dto.storeArtifactsLocally ?? current.storeArtifactsLocally,
    externalDependenciesEnabled: dto.externalDependenciesEnabled ?? current.externalDependenciesEnabled,
    // As Artifactory has it: an empty list is none that was thought of.
    externalDependenciesPatterns:
      dto.externalDependenciesPatterns?.length === 0
        ? ['**']
        : (dto.externalDependenciesPatterns ?? current.externalDependenciesPatterns),
    localAddress: dto.localAddress ?? current.localAddress,
    proxy: dto.proxy ?? current.proxy,
    disableProxy: dto.disableProxy ?? current.disableProxy,
  }
}

function changedVirtual(current: VirtualConfig, dto: VirtualRepositoryDto, find: FindKey): VirtualConfig {
  return {
    ...current,
    ...changedCommon(current, dto),
    repositories: dto.repositories?.map(parseRepositoryKey) ?? current.repositories,
    // Terraform unsets it by sending a name that doesn't exist.
    defaultDeploymentRepo:
      dto.defaultDeploymentRepo === undefined
        ? current.defaultDeploymentRepo
        : find(dto.defaultDeploymentRepo),
    resolveDockerTagsByTimestamp: dto.resolveDockerTagsByTimestamp ?? current.resolveDockerTagsByTimestamp,
  }
}

function changedCommon(current: RepositoryConfig, dto: RepositoryDto) {
  if (dto.key !== undefined && dto.key !== current.key) {
    throw invalid(`key is ${JSON.stringify(dto.key.slice(0, 100))}, expected "${current.key}" as in the URL`)
  }
  if (dto.rclass !== undefined && dto.rclass !== current.rclass) {
    throw invalid(
      `rclass is "${dto.rclass}", expected "${current.rclass}": delete the repository and create it anew`,
    )
  }
  const kept = Object.entries(dto).filter(
    ([name, value]) => Object.hasOwn(keptFields[current.rclass], name) && value !== undefined,
  )
  return {
    description: dto.description ?? current.description,
    notes: dto.notes ?? current.notes,
    includesPattern: dto.includesPattern ?? current.includesPattern,
    excludesPattern: dto.excludesPattern ?? current.excludesPattern,
    priorityResolution: dto.priorityResolution ?? current.priorityResolution,
    blackedOut: dto.blackedOut ?? current.blackedOut,
    extra: { ...current.extra, ...Object.fromEntries(kept) },
  }
}

function invalid(message: string): RegistryError {
  return new RegistryError('REQUEST_INVALID', message)
}
