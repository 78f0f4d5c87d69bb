import { isIPv6 } from 'node:net'
import { type Clock, type Logger, Places, RegistryError } from '@entrepot/kernel'
import type { Entry } from 'ldapts'
import type { PasswordCredentials } from '../authenticator.js'
import { userNameOf } from '../user-name.js'
import { BindPasswordCheck, isRefusal } from './bind-password-check.js'
import { directDn, showsName } from './direct-dn.js'
import { addressOf, type DirectoryObserver } from './directory-observer.js'
import { type DirectoryServer, serversOf } from './directory-server.js'
import type { DirectoryGroupSettings, DirectorySettings } from './directory-settings.js'
import { entryIdOf } from './entry-id.js'
import { valuesOf } from './entry-values.js'
import { isLocked, isSwitchedOff, userAttributesOf } from './found-user.js'
import { type DirectoryGroupEntry, GroupSearch } from './group-search.js'
import { LdapFailure, ServerOutOfReach } from './ldap-failure.js'
import { type LdapBind, LdapSession } from './ldap-session.js'
import { comparableDn } from './ldap-text.js'
import { DirectoryDown, Outage } from './outage.js'
import { PassportPasswordCheck } from './passport-password-check.js'
import { passwordChangedAt } from './password-change.js'
import { isPlausible, type PasswordCheck } from './password-check.js'
import { ReferredServers } from './referred-servers.js'
import { ServerRotation } from './server-rotation.js'
import type { DirectoryGroup, DirectoryIdentity, DirectoryVerdict, UserDirectory } from './user-directory.js'
import { type Finding, UserSearch } from './user-search.js'

/** Whoever has no account can ask for a login: no more connections to a slow directory than it and this process bear. */
const loginLimits = { concurrency: 50, waiting: 200 }

const retryAfterSeconds = 10

const passportCheck = new PassportPasswordCheck()
const bindCheck = new BindPasswordCheck()

/** A directory over LDAP: finds the one entry of a name, has its password checked, and reads its groups. */
export class LdapDirectory implements UserDirectory {
  readonly #rotation: ServerRotation
  readonly #outage: Outage
  readonly #logins = new Places(loginLimits, 'logins')
  #hasMissedIds = false
  readonly #groupSearches: readonly GroupSearch[]

  constructor(
    readonly settings: DirectorySettings,
    readonly groupSettings: readonly DirectoryGroupSettings[],
    private readonly clock: Clock,
    private readonly logger: Logger,
    private readonly observer: DirectoryObserver,
  ) {
    this.#rotation = new ServerRotation(serversOf(settings), clock)
    this.#outage = new Outage(settings.key, clock)
    this.#groupSearches = groupSettings.map((one) => new GroupSearch(one, pageSizeOf(settings)))
  }

  get key(): string {
    return this.settings.key
  }

  get createsAccounts(): boolean {
    return this.settings.autoCreateUser
  }

  async verify(credentials: PasswordCredentials): Promise<DirectoryVerdict> {
    if (!isPlausible(credentials)) return { kind: 'wrong-password' }
    return this.#logins.take(() =>
      this.ask((server) =>
        this.settings.userDnPattern === undefined
          ? this.searchThenBind(server, credentials)
          : this.bindDirectly(server, this.settings.userDnPattern, credentials),
      ),
    )
  }

  async lookUp(username: string): Promise<DirectoryIdentity | undefined> {
    if (!isPlausible({ username, password: '-' })) return undefined
    const { userDnPattern } = this.settings
    if (userDnPattern !== undefined && managerOf(this.settings) === undefined) throw this.cannotLookUp()
    return this.ask((server) =>
      this.asManager(server, async (session, referred) => {
        if (userDnPattern !== undefined) {
          const entry = await this.read(session, userDnPattern, username)
          return entry === undefined || isLocked(entry)
            ? undefined
            : this.identityOf(session, entry, username)
        }
        const finding = await this.find(session, username, referred)
        if (finding.kind !== 'one' || this.isOff(finding.entry) || isLocked(finding.entry)) return undefined
        return this.identityOf(finding.session, finding.entry, username)
      }),
    )
  }

  /**
   * The groups of the directory, for the import.
   * @throws RegistryError UNAVAILABLE
   */
  groups(settings: DirectoryGroupSettings): Promise<readonly DirectoryGroupEntry[]> {
    const search = new GroupSearch(settings, pageSizeOf(this.settings))
    return this.ask((server) => this.asManager(server, (session) => search.all(session)))
  }

  private searchThenBind(
    server: DirectoryServer,
    credentials: PasswordCredentials,
  ): Promise<DirectoryVerdict> {
    return this.asManager(server, async (session, referred): Promise<DirectoryVerdict> => {
      const finding = await this.find(session, credentials.username, referred)
      if (finding.kind === 'none') return { kind: 'unknown' }
      if (finding.kind === 'several' || this.isOff(finding.entry)) return { kind: 'wrong-password' }
      const { entry, session: holder } = finding
      const manager = managerOf(this.settings)
      const question = { server: holder.server, manager, dn: entry.dn, credentials }
      if (!(await passwordCheckFor(holder.server).isRight(question))) return { kind: 'wrong-password' }
      return { kind: 'confirmed', identity: await this.identityOf(holder, entry, credentials.username) }
    })
  }

  private async bindDirectly(
    server: DirectoryServer,
    pattern: string,
    { username, password }: PasswordCredentials,
  ): Promise<DirectoryVerdict> {
    const dn = directDn(server, pattern, username)
    const session = await ServerOutOfReach.unless(LdapSession.open(server))
    try {
      await session.bind({ dn, password }, 'user bind')
      const manager = managerOf(this.settings)
      if (manager !== undefined) await session.bind(manager, 'manager bind')
      const entry = await this.read(session, pattern, username)
      if (entry === undefined) return { kind: 'wrong-password' }
      return { kind: 'confirmed', identity: await this.identityOf(session, entry, username) }
    } catch (error) {
      if (!(error instanceof LdapFailure) || error.step !== 'user bind' || !isRefusal(error)) throw error
      return { kind: (await this.isThere(session, dn)) ? 'wrong-password' : 'unknown' }
    } finally {
      await session.close()
    }
  }

  /** Without a manager nobody can tell, and another directory must not be asked for somebody who may be here. */
  private async isThere(session: LdapSession, dn: string): Promise<boolean> {
    const manager = managerOf(this.settings)
    if (manager === undefined) return true
    await session.bind(manager, 'manager bind')
    return (await session.read(dn, ['1.1'])) !== undefined
  }

  /** @returns undefined for an entry that is disabled, not there, or of another name than the one typed */
  private async read(session: LdapSession, pattern: string, username: string): Promise<Entry | undefined> {
    const dn = directDn(session.server, pattern, username)
    const entry = await session.read(dn, userAttributesOf(this.settings, []))
    if (entry === undefined || this.isOff(entry) || !showsName(entry.dn, pattern, username)) return undefined
    return entry
  }

  private isOff(entry: Entry): boolean {
    return isSwitchedOff(entry, this.clock.now())
  }

  private async find(session: LdapSession, username: string, referred: ReferredServers): Promise<Finding> {
    const finding = await new UserSearch(this.settings).find(session, username, referred)
    if (finding.kind === 'several') {
      this.logger.warn(
        { directory: this.key, url: session.server.url, username, entries: finding.dns },
        'a directory has several entries for one name, which is refused: make searchFilter or searchBase narrower',
      )
    }
    return finding
  }

  private async identityOf(session: LdapSession, entry: Entry, username: string): Promise<DirectoryIdentity> {
    const groups = new Map<string, DirectoryGroup>()
    for (const search of this.#groupSearches) {
      for (const group of await search.groupsOf(session, entry)) {
        groups.set(comparableDn(group.dn ?? group.name), group)
      }
    }
    return {
      directory: this.key,
      username: userNameOf(username),
      dn: entry.dn,
      uniqueId: this.idOf(entry),
      passwordChangedAt: passwordChangedAt(entry, this.clock.now()),
      email: valuesOf(entry, this.settings.emailAttribute)[0],
      groups: [...groups.values()],
    }
  }

  private idOf(entry: Entry): string | undefined {
    const id = entryIdOf(entry)
    if (id === undefined && !this.#hasMissedIds) {
      this.#hasMissedIds = true
      this.logger.warn(
        { directory: this.key, dn: entry.dn },
        'a directory shows no ids of its entries: whoever is not seen for seven days starts anew (docs/directories.md)',
      )
    }
    return id
  }

  private async asManager<T>(
    server: DirectoryServer,
    action: (session: LdapSession, referred: ReferredServers) => Promise<T>,
  ): Promise<T> {
    const manager = managerOf(this.settings)
    const referred = new ReferredServers(this.settings.referrals, this.#rotation.servers, manager)
    const session = await ServerOutOfReach.unless(LdapSession.open(server))
    try {
      if (manager !== undefined) await ServerOutOfReach.unless(session.bind(manager, 'manager bind'))
      return await action(session, referred)
    } finally {
      await Promise.all([session.close(), referred.close()])
    }
  }

  private async ask<T>(action: (server: DirectoryServer) => Promise<T>): Promise<T> {
    let outcome: 'answered' | 'failed' = 'failed'
    try {
      const answer = await this.#outage.ask(() => this.askInTurn(action))
      outcome = 'answered'
      return answer
    } finally {
      this.observer.onQuestion(this.key, outcome)
    }
  }

  /** Asks the servers in turn until one answers. */
  private async askInTurn<T>(action: (server: DirectoryServer) => Promise<T>): Promise<T> {
    let isDown = true
    for (const server of this.#rotation.order()) {
      try {
        const answer = await action(server)
        this.#rotation.answered(server)
        this.observer.onServer(this.key, addressOf(server), true)
        return answer
      } catch (error) {
        if (!(error instanceof LdapFailure)) throw error
        this.#rotation.failed(server)
        this.observer.onServer(this.key, addressOf(server), false)
        isDown &&= error instanceof ServerOutOfReach
        const { step, message: reason } = error
        this.logger.warn(
          { directory: this.key, url: server.url, step, reason },
          'a directory cannot be asked',
        )
      }
    }
    const message = `the directory ${this.key} cannot be asked at the moment: try again, and see the server's log for the reason`
    if (isDown) throw new DirectoryDown(message, retryAfterSeconds)
    throw new RegistryError('UNAVAILABLE', message, { retryAfterSeconds })
  }

  private cannotLookUp(): RegistryError {
    return new RegistryError(
      'UNAVAILABLE',
      `the directory ${this.key} can only be asked with a password: log in again, or let it be given a managerDn`,
    )
  }
}

export function pageSizeOf({ pagingSupport, pageSize }: DirectorySettings): number | undefined {
  return pagingSupport ? pageSize : undefined
}

export function managerOf({ search }: DirectorySettings): LdapBind | undefined {
  const { managerDn: dn, managerPassword: password } = search
  return dn === undefined || password === undefined ? undefined : { dn, password }
}

/** The client's library knows neither StartTLS done safely nor addresses of IPv6. */
export function passwordCheckFor({ security, host }: DirectoryServer): PasswordCheck {
  return security === 'startTls' || isIPv6(host) ? bindCheck : passportCheck
}
