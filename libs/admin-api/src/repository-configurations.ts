import { RegistryError } from '@entrepot/kernel'
import type { RepositoryKind, StoredRepository } from '@entrepot/repositories'
import { type Query, queryText } from './http/cursor-page.js'
import { repositoryJson } from './repository-json.js'

const kinds = ['local', 'remote', 'virtual'] as const satisfies readonly RepositoryKind[]

export type RepositoryConfigurations = Readonly<
  Record<Uppercase<RepositoryKind>, readonly Record<string, unknown>[]>
>

/**
 * The whole configurations by kind, as `GET /api/repositories/configurations` has them. `repoType` and `packageType` each
 * name one or several, with commas between them.
 * @throws RegistryError REQUEST_INVALID
 */
export function repositoryConfigurations(
  repositories: readonly StoredRepository[],
  query: Query,
): RepositoryConfigurations {
  const types = listed(query, 'repoType')
  const packageTypes = listed(query, 'packageType')
  const strange = types?.find((type) => type !== 'federated' && !kinds.some((kind) => kind === type))
  if (strange !== undefined) {
    throw new RegistryError(
      'REQUEST_INVALID',
      `repoType is ${JSON.stringify(strange.slice(0, 100))}, expected ${kinds.join(', ')} or federated`,
    )
  }
  const of = (kind: RepositoryKind) =>
    repositories
      .filter(({ config }) => config.rclass === kind)
      .filter(({ config }) => types?.includes(config.rclass) ?? true)
      .filter(({ config }) => packageTypes?.includes(config.packageType) ?? true)
      .map(({ config }) => repositoryJson(config))
  return { LOCAL: of('local'), REMOTE: of('remote'), VIRTUAL: of('virtual') }
}

function listed(query: Query, name: string): readonly string[] | undefined {
  return queryText(query, name)
    ?.split(',')
    .map((part) => part.trim().toLowerCase())
}
