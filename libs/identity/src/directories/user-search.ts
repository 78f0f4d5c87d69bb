import type { Entry } from 'ldapts'
import type { DirectorySearch, DirectorySettings } from './directory-settings.js'
import { LoginNameRule, userAttributesOf } from './found-user.js'
import { LdapFailure, resultCodes } from './ldap-failure.js'
import type { LdapSession } from './ldap-session.js'
import { escapeFilterValue, fillTemplate, underBase } from './ldap-text.js'
import type { ReferredServers } from './referred-servers.js'

export type Finding =
  | { readonly kind: 'one'; readonly entry: Entry; readonly session: LdapSession }
  /** `otherDn`: an entry that the server takes for one of this name, and that does not show it */
  | { readonly kind: 'none'; readonly otherDn?: string }
  | { readonly kind: 'several'; readonly dns: readonly string[] }

/** Finds the one entry of a name, under every search base. */
export class UserSearch {
  readonly #rule: LoginNameRule
  readonly #attributes: readonly string[]

  constructor(private readonly settings: DirectorySettings) {
    this.#rule = new LoginNameRule(settings.search.searchFilter)
    this.#attributes = userAttributesOf(settings, this.#rule.attributes)
  }

  /** @throws LdapFailure, for a search base that is not there too */
  async find(session: LdapSession, username: string, referred: ReferredServers): Promise<Finding> {
    const found: { readonly entry: Entry; readonly session: LdapSession }[] = []
    for (const base of searchBasesOf(this.settings.search, session.server.baseDn)) {
      found.push(...(await this.findUnder(base, session, username, referred)))
    }
    const [first] = found
    if (first === undefined) return { kind: 'none' }
    if (found.length > 1) return { kind: 'several', dns: found.map(({ entry }) => entry.dn) }
    return this.#rule.holds(first.entry, username.normalize('NFC'))
      ? { kind: 'one', ...first }
      : { kind: 'none', otherDn: first.entry.dn }
  }

  private async findUnder(base: string, session: LdapSession, username: string, referred: ReferredServers) {
    const { searchFilter, searchSubTree } = this.settings.search
    const search = {
      base,
      scope: searchSubTree ? ('sub' as const) : ('one' as const),
      filter: fillTemplate(searchFilter, escapeFilterValue(username.normalize('NFC'))),
      attributes: this.#attributes,
      sizeLimit: 2,
    }
    const { entries, references } = await session.search(search).catch((error: unknown) => {
      throw explainBase(error, base)
    })
    const elsewhere = await referred.search(references, search)
    return [...entries.map((entry) => ({ entry, session })), ...elsewhere]
  }
}

export function searchBasesOf(search: DirectorySearch, baseDn: string): readonly string[] {
  return search.searchBase.split('|').map((base) => underBase(base, baseDn))
}

function explainBase(error: unknown, base: string): unknown {
  if (!(error instanceof LdapFailure) || error.resultCode !== resultCodes.noSuchObject) return error
  const message = `${error.message}: the search base ${JSON.stringify(base)} is not there, or the manager (without one, nobody) may not see it`
  return new LdapFailure('search', message, error.resultCode)
}
