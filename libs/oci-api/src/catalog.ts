import type { Page } from '@entrepot/kernel'
import { byCodePoint, type Listing, listingOf } from '@entrepot/kernel'
import type { OciRepository, OciRepositoryDirectory } from '@entrepot/oci-repository'
import { type AddressingRules, resolveRoot } from './addressing.js'
import type { RootCall } from './call.js'
import { nextLink, parsePage } from './pagination.js'
import type { Rights } from './rights.js'
import { warningHeaders } from './warning-header.js'

/** The names a client can pull: `<key>/<image>` of all repositories, or the images of the one its host or prefix means. */
export class Catalog {
  constructor(
    private readonly directory: OciRepositoryDirectory,
    private readonly rules: AddressingRules,
    private readonly rights: Rights,
  ) {}

  /** `GET /v2/_catalog`. Distribution's HTTP API V2, "Listing Repositories". */
  readonly list = async (call: RootCall): Promise<void> => {
    const page = parsePage(call.query)
    const reads = (repository: OciRepository) => this.rights.readsSomewhere(call.caller.principal, repository)
    const only = resolveRoot(call.location, this.rules, this.directory, reads)
    const listing = await (only === undefined ? this.namesOfAll(call, page) : namesOf(call, only, '', page))

    const headers = warningHeaders(listing.warnings)
    const last = listing.items.at(-1)
    if (listing.more && last !== undefined) {
      headers.push('Link', nextLink(call, '_catalog', [['n', String(page.limit)] as const, ['last', last]]))
    }
    call.exchange.replyJson(200, headers, { repositories: listing.items })
  }

  /** Sorted as the whole names sort, which is not how the keys do: `a-b/x` comes before `a/x`. */
  private async namesOfAll(call: RootCall, page: Page): Promise<Listing<string>> {
    const readable = this.directory
      .all()
      .filter((repository) => this.rights.readsSomewhere(call.caller.principal, repository))
      .map((repository) => ({ repository, prefix: `${repository.key}/` }))
      .sort((left, right) => byCodePoint(left.prefix, right.prefix))
    const names: string[] = []
    const warnings: string[] = []
    for (const { repository, prefix } of readable) {
      if (names.length > page.limit) break
      const isPast = page.after !== undefined && !page.after.startsWith(prefix) && prefix < page.after
      if (isPast) continue
      const after = page.after?.startsWith(prefix) ? page.after.slice(prefix.length) : undefined
      const rest = { limit: page.limit + 1 - names.length, after: after === '' ? undefined : after }
      const listing = await namesOf(call, repository, prefix, rest)
      names.push(...listing.items)
      warnings.push(...listing.warnings)
    }
    return listingOf(names, page.limit, [...new Set(warnings)])
  }
}

async function namesOf(
  call: RootCall,
  repository: OciRepository,
  prefix: string,
  page: Page,
): Promise<Listing<string>> {
  if (page.limit === 0) return listingOf([], 0)
  const { items, more, warnings } = await repository.reader.images(page, call.context)
  return { items: items.map((image) => prefix + image), more, warnings }
}
