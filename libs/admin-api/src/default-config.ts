import type {
  LocalConfig,
  RemoteConfig,
  RepositoryConfig,
  RepositoryKey,
  RepositoryKind,
  VirtualConfig,
} from '@entrepot/repositories'

/** Artifactory's defaults of the fields that have an effect here. */
export function defaultConfig(kind: RepositoryKind, key: RepositoryKey): RepositoryConfig {
  return defaults[kind](key)
}

const defaults: Record<RepositoryKind, (key: RepositoryKey) => RepositoryConfig> = {
  local: (key): LocalConfig => ({ ...common(key), rclass: 'local', blockPushingSchema1: true }),
  remote: (key): RemoteConfig => ({
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
  }),
  virtual: (key): VirtualConfig => ({
    ...common(key),
    rclass: 'virtual',
    repositories: [],
    defaultDeploymentRepo: undefined,
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
