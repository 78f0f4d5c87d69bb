import type { RepositoryDirectory } from '@entrepot/repositories'

const suffix = '-cache'

/** Artifactory calls what a remote has cached a repository `<key>-cache`: here it is the remote itself. */
export function withoutCacheSuffix(key: string, repositories: Pick<RepositoryDirectory, 'find'>): string {
  if (!key.endsWith(suffix) || repositories.find(key) !== undefined) return key
  const remote = key.slice(0, -suffix.length)
  return repositories.find(remote)?.config.rclass === 'remote' ? remote : key
}
