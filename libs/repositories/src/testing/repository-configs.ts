import type { LocalConfig, RemoteConfig, RepositoryKey, VirtualConfig } from '../repository-config.js'

const common = {
  packageType: 'docker',
  description: '',
  notes: '',
  includesPattern: '**/*',
  excludesPattern: '',
  priorityResolution: false,
  blackedOut: false,
  extra: {},
} as const

/** Configurations with Artifactory's defaults, for tests to vary. */
export function localConfig(key: string, changes: Partial<LocalConfig> = {}): LocalConfig {
  return { ...common, key: key as RepositoryKey, rclass: 'local', blockPushingSchema1: true, ...changes }
}

export function remoteConfig(key: string, url: string, changes: Partial<RemoteConfig> = {}): RemoteConfig {
  return {
    ...common,
    key: key as RepositoryKey,
    rclass: 'remote',
    url,
    username: '',
    password: '',
    retrievalCachePeriodSecs: 7200,
    missedRetrievalCachePeriodSecs: 1800,
    assumedOfflinePeriodSecs: 300,
    metadataRetrievalTimeoutSecs: 60,
    socketTimeoutMillis: 15000,
    offline: false,
    bypassHeadRequests: false,
    allowAnyHostAuth: false,
    ...changes,
  }
}

export function virtualConfig(
  key: string,
  members: readonly string[],
  changes: Partial<VirtualConfig> = {},
): VirtualConfig {
  return {
    ...common,
    key: key as RepositoryKey,
    rclass: 'virtual',
    repositories: members as readonly RepositoryKey[],
    defaultDeploymentRepo: undefined,
    ...changes,
  }
}
