import type { RepositoryConfig, RepositoryKey, RepositoryKind } from './repository-config.js'

type ConfigOf<K extends RepositoryKind> = Extract<RepositoryConfig, { readonly rclass: K }>

/** Artifactory's defaults of the fields that have an effect here. */
export function defaultConfig<K extends RepositoryKind>(kind: K, key: RepositoryKey): ConfigOf<K> {
  return defaults[kind](key)
}

const defaults: { readonly [K in RepositoryKind]: (key: RepositoryKey) => ConfigOf<K> } = {
  local: (key) => ({
    ...common(key),
    rclass: 'local',
    blockPushingSchema1: true,
    maxUniqueTags: 0,
    dockerTagRetention: 1,
  }),
  remote: (key) => ({
    ...common(key),
    rclass: 'remote',
    url: '',
    username: '',
    password: '',
    retrievalCachePeriodSecs: 7200,
    missedRetrievalCachePeriodSecs: 1800,
    assumedOfflinePeriodSecs: 300,
    metadataRetrievalTimeoutSecs: 60,
    socketTimeoutMillis: 15_000,
    offline: false,
    bypassHeadRequests: false,
    allowAnyHostAuth: false,
    queryParams: '',
    hardFail: false,
    blockMismatchingMimeTypes: true,
    mismatchingMimeTypesOverrideList: '',
    storeArtifactsLocally: true,
    externalDependenciesEnabled: false,
    externalDependenciesPatterns: undefined,
    localAddress: '',
    proxy: '',
    disableProxy: false,
  }),
  virtual: (key) => ({
    ...common(key),
    rclass: 'virtual',
    repositories: [],
    defaultDeploymentRepo: undefined,
    resolveDockerTagsByTimestamp: false,
  }),
}

const common = (key: RepositoryKey) => ({
  key,
  packageType: 'docker' as const,
  description: '',
  notes: '',
  includesPattern: '**/*',
  excludesPattern: '',
  priorityResolution: false,
  blackedOut: false,
  extra: {},
})
