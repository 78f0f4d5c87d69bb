import { RegistryError } from '@entrepot/kernel'
import type { RepositoryConfig } from '@entrepot/repositories'

const types = new Set(['local', 'remote', 'virtual', 'federated'])

type Matches = (config: RepositoryConfig) => boolean

/**
 * The filters of the list: `type`, `packageType`, `project`, each absent or given once; no repository has the type
 * `federated` or another package type than docker.
 * @throws RegistryError REQUEST_INVALID
 */
export function parseRepositoryListFilter(query: Readonly<Record<string, unknown>>): Matches {
  const type = parameter(query, 'type')?.toLowerCase()
  const packageType = parameter(query, 'packageType')?.toLowerCase()
  const project = parameter(query, 'project')
  if (type !== undefined && !types.has(type)) {
    throw invalid(`type is ${JSON.stringify(type.slice(0, 100))}, expected one of ${[...types].join(', ')}`)
  }
  return (config) =>
    (type === undefined || config.rclass === type) &&
    (packageType === undefined || config.packageType === packageType) &&
    (project === undefined || (config.extra['projectKey'] ?? '') === project)
}

/** @returns undefined for an absent or empty parameter */
function parameter(query: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = Object.hasOwn(query, name) ? query[name] : ''
  if (typeof value !== 'string') throw invalid(`${name} is given more than once, expected one value`)
  return value === '' ? undefined : value
}

function invalid(message: string): RegistryError {
  return new RegistryError('REQUEST_INVALID', message)
}
