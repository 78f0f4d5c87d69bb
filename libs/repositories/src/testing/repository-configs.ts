import { defaultConfig } from '../default-config.js'
import type { LocalConfig, RemoteConfig, RepositoryKey, VirtualConfig } from '../repository-config.js'

/** Configurations with Artifactory's defaults, for tests to vary. */
export function localConfig(key: string, changes: Partial<LocalConfig> = {}): LocalConfig {
  return { ...defaultConfig('local', key as RepositoryKey), ...changes }
}

export function remoteConfig(key: string, url: string, changes: Partial<RemoteConfig> = {}): RemoteConfig {
  return { ...defaultConfig('remote', key as RepositoryKey), url, ...changes }
}

export function virtualConfig(
  key: string,
  members: readonly string[],
  changes: Partial<VirtualConfig> = {},
): VirtualConfig {
  return {
    ...defaultConfig('virtual', key as RepositoryKey),
    repositories: members as readonly RepositoryKey[],
    ...changes,
  }
}
