import type { Entry } from 'ldapts'
import { type DirectoryServer, isSameServer, parseLdapUrl } from './directory-server.js'
import type { LdapBind, LdapSearch } from './ldap-session.js'
import { LdapSession } from './ldap-session.js'

/**
 * The servers that a search was referred to (RFC 4511 section 4.5.3). Only those that are configured are followed, one
 * step far; whoever else is named gets neither a connection nor a password.
 */
export class ReferredServers {
  readonly #sessions: LdapSession[] = []

  constructor(
    private readonly mode: 'follow' | 'ignore',
    private readonly servers: readonly DirectoryServer[],
    private readonly manager: LdapBind | undefined,
  ) {}

  /** @throws LdapFailure when a configured server that is referred to can't be asked */
  async search(references: readonly string[], search: LdapSearch) {
    const found: { readonly entry: Entry; readonly session: LdapSession }[] = []
    if (this.mode === 'ignore') return found
    for (const reference of references) {
      const server = this.servers.find((one) => isSameServer(one, reference))
      const target = parseLdapUrl(reference)
      if (server === undefined || target === undefined) continue
      const session = await this.sessionOf(server)
      const scope = scopeOf(target.query) ?? (search.scope === 'one' ? 'base' : search.scope)
      const base = target.baseDn === '' ? search.base : target.baseDn
      const { entries } = await session.search({ ...search, base, scope })
      found.push(...entries.map((entry) => ({ entry, session })))
    }
    return found
  }

  async close(): Promise<void> {
    await Promise.all(this.#sessions.map((session) => session.close()))
  }

  private async sessionOf(server: DirectoryServer): Promise<LdapSession> {
    const open = this.#sessions.find((session) => session.server === server)
    if (open !== undefined) return open
    const session = await LdapSession.open(server)
    this.#sessions.push(session)
    if (this.manager !== undefined) await session.bind(this.manager, 'manager bind')
    return session
  }
}

/** RFC 4516 section 2: `ldap://host/dn?attributes?scope?filter`. */
function scopeOf(query: string): LdapSearch['scope'] | undefined {
  const scope = query.slice(1).split('?')[1]
  return scope === 'base' || scope === 'one' || scope === 'sub' ? scope : undefined
}
