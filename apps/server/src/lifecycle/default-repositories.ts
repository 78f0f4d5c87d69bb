import { parseRepositoryKey } from '@entrepot/admin-api'
import { defaultConfig, type RepositoryConfig } from '@entrepot/repositories'

const notes = 'made at the first start'

const local = { ...defaultConfig('local', parseRepositoryKey('docker-local')), notes }

const remote = {
  ...defaultConfig('remote', parseRepositoryKey('docker-hub')),
  url: 'https://registry-1.docker.io',
  notes,
}

const virtual = {
  ...defaultConfig('virtual', parseRepositoryKey('docker')),
  repositories: [local.key, remote.key],
  defaultDeploymentRepo: local.key,
  notes,
}

/** What a first start makes, members before the virtual that lists them: push and pull through one name. */
export const defaultRepositories: readonly RepositoryConfig[] = [local, remote, virtual]
