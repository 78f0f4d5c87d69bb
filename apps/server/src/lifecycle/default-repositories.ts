import { parseRepositoryKey } from '@entrepot/admin-api'
import type { LocalConfig, RemoteConfig, RepositoryConfig, VirtualConfig } from '@entrepot/repositories'

const common = {
  packageType: 'docker',
  description: '',
  notes: 'made at the first start',
  includesPattern: '**/*',
  excludesPattern: '',
  priorityResolution: false,
  blackedOut: false,
  extra: {},
} as const

const local: LocalConfig = {
  ...common,
  key: parseRepositoryKey('docker-local'),
  rclass: 'local',
  blockPushingSchema1: true,
}

const remote: RemoteConfig = {
  ...common,
  key: parseRepositoryKey('docker-hub'),
  rclass: 'remote',
  url: 'https://registry-1.docker.io',
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
}

const virtual: VirtualConfig = {
  ...common,
  key: parseRepositoryKey('docker'),
  rclass: 'virtual',
  repositories: [local.key, remote.key],
  defaultDeploymentRepo: local.key,
}

/** What a first start makes, members before the virtual that lists them: push and pull through one name. */
export const defaultRepositories: readonly RepositoryConfig[] = [local, remote, virtual]
