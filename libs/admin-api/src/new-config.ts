import { RegistryError } from '@entrepot/kernel'
import { defaultConfig, type RepositoryConfig, type RepositoryKey } from '@entrepot/repositories'
import { changedConfig } from './changed-config.js'
import type { JsonObject } from './json-body.js'
import { parseRepositoryBody } from './repository-body.js'

/**
 * A repository as `body` describes it, with Artifactory's defaults for the rest.
 * @param find the key of a repository that exists
 * @throws RegistryError REQUEST_INVALID
 */
export function newConfig(
  key: RepositoryKey,
  body: JsonObject,
  find: (key: string) => RepositoryKey | undefined,
): RepositoryConfig {
  const { rclass, packageType } = parseRepositoryBody('local', {
    rclass: body['rclass'],
    packageType: body['packageType'],
  })
  if (rclass === undefined) throw missing('rclass', 'expected "local", "remote", "virtual"')
  if (packageType === undefined) throw missing('packageType', 'expected "docker"')
  const config = changedConfig(defaultConfig(rclass, key), body, find)
  if (config.rclass === 'remote' && config.url === '') {
    throw missing('url', 'expected an address such as https://registry-1.docker.io')
  }
  return config
}

function missing(field: string, expected: string): RegistryError {
  return new RegistryError('REQUEST_INVALID', `${field} is missing, ${expected}`)
}
