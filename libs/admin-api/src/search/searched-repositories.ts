import type { RepositoryKey } from '@entrepot/repositories'
import type { AdminApiPorts } from '../admin-api-ports.js'
import type { Caller } from '../caller.js'
import { type Query, queryText } from '../http/cursor-page.js'
import { withoutCacheSuffix } from '../items/cache-suffix.js'
import type { VisibleRepositories } from '../visible-repositories.js'

/**
 * The local and remote repositories that `repos=a,b` names, or all: of virtual ones their members. What the caller may not
 * know of is passed over, as what does not exist. A remote may be called `<key>-cache`, as Artifactory calls what it holds.
 */
export function searchedRepositories(
  { content, repositories }: AdminApiPorts,
  visible: VisibleRepositories,
  caller: Caller,
  query: Query,
): readonly RepositoryKey[] {
  const named = queryText(query, 'repos')
  const stored =
    named === undefined
      ? visible.to(caller)
      : named.split(',').flatMap((key) => visible.find(caller, withoutCacheSuffix(key, repositories)) ?? [])
  const leaves = stored.flatMap(({ config }) => content.repositories.find(config.key)?.leaves ?? [])
  return [...new Set(leaves)].filter((key) => visible.find(caller, key) !== undefined)
}
