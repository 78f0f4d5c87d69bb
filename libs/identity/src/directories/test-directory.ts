import { systemClock } from '@entrepot/kernel'
import type { Entry } from 'ldapts'
import { BindPasswordCheck, isRefusal } from './bind-password-check.js'
import { checkDirectorySettings } from './check-directory-settings.js'
import { directDn, showsName } from './direct-dn.js'
import { type DirectoryServer, serversOf } from './directory-server.js'
import type { DirectoryGroupSettings, DirectorySettings } from './directory-settings.js'
import { valuesOf } from './entry-values.js'
import { isSwitchedOff, userAttributesOf } from './found-user.js'
import { GroupSearch } from './group-search.js'
import { managerOf, pageSizeOf, passwordCheckFor } from './ldap-directory.js'
import { LdapFailure, type LdapStep, resultCodes } from './ldap-failure.js'
import { type LdapBind, LdapSession } from './ldap-session.js'
import { isPlausible } from './password-check.js'
import { ReferredServers } from './referred-servers.js'
import { searchBasesOf, UserSearch } from './user-search.js'

export interface DirectoryTestStep {
  readonly url: string
  readonly step: LdapStep
  readonly outcome: 'ok' | 'failed' | 'skipped'
  /** What was found, or what went wrong and what to change; never a secret. */
  readonly message: string
  readonly found?: Readonly<Record<string, unknown>>
}

export interface DirectoryTest {
  /** Of each server in turn. */
  readonly steps: readonly DirectoryTestStep[]
  readonly succeeded: boolean
}

export interface DirectoryTestUser {
  readonly username?: string | undefined
  readonly password?: string | undefined
}

/**
 * Tries settings out before they are stored, at every server that they name.
 * @throws RegistryError REQUEST_INVALID for settings that can't work
 */
export async function testDirectory(
  settings: DirectorySettings,
  groupSettings: readonly DirectoryGroupSettings[],
  user: DirectoryTestUser = {},
): Promise<DirectoryTest> {
  checkDirectorySettings(settings)
  const servers = serversOf(settings)
  const tests = servers.map((server) => new ServerTest(settings, groupSettings, user, server, servers).run())
  const steps = (await Promise.all(tests)).flat()
  return { steps, succeeded: steps.every(({ outcome }) => outcome !== 'failed') }
}

const order: readonly LdapStep[] = ['connect', 'tls', 'manager bind', 'search', 'user bind', 'groups']

class ServerTest {
  readonly #steps: DirectoryTestStep[] = []

  constructor(
    private readonly settings: DirectorySettings,
    private readonly groupSettings: readonly DirectoryGroupSettings[],
    private readonly user: DirectoryTestUser,
    private readonly server: DirectoryServer,
    private readonly servers: readonly DirectoryServer[],
  ) {}

  async run(): Promise<readonly DirectoryTestStep[]> {
    try {
      await this.connect()
    } catch (error) {
      if (!(error instanceof LdapFailure)) throw error
      this.say(error.step, 'failed', `${error.message}${adviceOn(error, this.settings)}`)
    }
    for (const step of order) {
      if (!this.#steps.some((one) => one.step === step))
        this.say(step, 'skipped', 'not reached: a step before it failed')
    }
    return this.#steps.toSorted((left, right) => order.indexOf(left.step) - order.indexOf(right.step))
  }

  private async connect(): Promise<void> {
    const session = await LdapSession.open(this.server).catch((error: unknown) => {
      if (error instanceof LdapFailure && error.step === 'tls')
        this.say('connect', 'ok', 'the server takes connections')
      throw error
    })
    const referred = new ReferredServers(this.settings.referrals, this.servers, managerOf(this.settings))
    try {
      this.say('connect', 'ok', 'the server takes connections')
      if (this.server.security === 'none')
        this.say('tls', 'skipped', 'not asked for: passwords travel in clear')
      else this.say('tls', 'ok', 'the certificate is trusted and of this host')
      await this.bindManager(session)
      const entry = await this.search(session, referred)
      await this.readGroups(session, await this.bindUser(session, entry))
    } finally {
      await Promise.all([session.close(), referred.close()])
    }
  }

  private async bindManager(session: LdapSession): Promise<void> {
    const manager = managerOf(this.settings)
    if (manager === undefined) {
      this.say('manager bind', 'skipped', 'there is no manager_dn: searches are made without a login')
      return
    }
    await session.bind(manager, 'manager bind')
    this.say('manager bind', 'ok', `logged in as ${manager.dn}`)
  }

  private async search(session: LdapSession, referred: ReferredServers): Promise<Entry | undefined> {
    const { username } = this.user
    if (username === undefined) return this.searchBases(session)
    if (!isPlausible({ username, password: '-' }))
      throw new LdapFailure('search', 'the user name is empty, longer than 256 characters, or has a NUL')
    const { userDnPattern } = this.settings
    if (userDnPattern !== undefined) return this.readDirectly(session, userDnPattern, username)
    const finding = await new UserSearch(this.settings).find(session, username, referred)
    if (finding.kind === 'none') throw new LdapFailure('search', absenceOf(username, finding.otherDn))
    if (finding.kind === 'several') {
      const message = `several entries for ${JSON.stringify(username)}: make search_filter or search_base narrower`
      throw new LdapFailure('search', `${message} (${finding.dns.join('; ')})`)
    }
    return this.report(finding.entry)
  }

  /** Without a name there is no one to look for; that the bases are there can be told all the same. */
  private async searchBases(session: LdapSession): Promise<undefined> {
    const bases = searchBasesOf(this.settings.search, this.server.baseDn)
    for (const base of bases) {
      if ((await session.read(base, ['objectClass'])) === undefined)
        throw new LdapFailure(
          'search',
          `the search base ${JSON.stringify(base)} is not there, or the manager may not see it`,
        )
    }
    this.say('search', 'ok', 'every search base is there; give a user name to look for one', { bases })
    return undefined
  }

  private async readDirectly(session: LdapSession, pattern: string, username: string) {
    const dn = directDn(this.server, pattern, username)
    if (managerOf(this.settings) === undefined) {
      this.say('search', 'skipped', 'user_dn_pattern says where the entry is', { dn })
      return undefined
    }
    const entry = await session.read(dn, userAttributesOf(this.settings, []))
    if (entry !== undefined && showsName(entry.dn, pattern, username)) return this.report(entry)
    throw new LdapFailure('search', `there is no entry ${JSON.stringify(dn)}: check user_dn_pattern`)
  }

  private report(entry: Entry): Entry {
    const email = valuesOf(entry, this.settings.emailAttribute)[0]
    if (isSwitchedOff(entry, systemClock.now()))
      throw new LdapFailure('search', `${entry.dn} is disabled, locked or expired in the directory`)
    this.say('search', 'ok', `found ${entry.dn}`, { dn: entry.dn, email })
    return entry
  }

  /** @returns the entry, which without a manager nobody but the user could read */
  private async bindUser(session: LdapSession, entry: Entry | undefined): Promise<Entry | undefined> {
    const { username = '', password } = this.user
    const { userDnPattern: pattern } = this.settings
    const dn =
      entry?.dn ??
      (pattern === undefined || username === '' ? undefined : directDn(this.server, pattern, username))
    if (dn === undefined || password === undefined) {
      this.say('user bind', 'skipped', 'give a user name and a password to try a login')
      return entry
    }
    if (!isPlausible({ username, password }))
      throw new LdapFailure('user bind', 'the password is empty, longer than 1024 characters, or has a NUL')
    const manager = managerOf(this.settings)
    const check = pattern === undefined ? passwordCheckFor(session.server) : new BindPasswordCheck()
    if (!(await check.isRight({ server: session.server, manager, dn, credentials: { username, password } })))
      throw new LdapFailure('user bind', `the directory does not take this password for ${dn}`)
    const own = entry ?? (await this.readAsUser(session, { dn, password }))
    this.say('user bind', 'ok', `logged in as ${dn}`)
    return own
  }

  /** As a login does that has no manager. */
  private async readAsUser(session: LdapSession, user: LdapBind): Promise<Entry> {
    await session.bind(user, 'user bind')
    const entry = await session.read(user.dn, userAttributesOf(this.settings, []), 'user bind')
    if (entry === undefined) {
      const advice = 'let users read their own entry, or give a manager_dn'
      throw new LdapFailure(
        'user bind',
        `the password is right, but ${user.dn} may not read itself: ${advice}`,
      )
    }
    if (isSwitchedOff(entry, systemClock.now()))
      throw new LdapFailure('user bind', `${entry.dn} is disabled, locked or expired in the directory`)
    return entry
  }

  private async readGroups(session: LdapSession, user: Entry | undefined): Promise<void> {
    if (this.groupSettings.length === 0) {
      this.say('groups', 'skipped', 'there are no group settings with this directory in enabledLdap')
      return
    }
    const counts: Record<string, number> = {}
    const groups: string[] = []
    for (const one of this.groupSettings) {
      const search = new GroupSearch(one, pageSizeOf(this.settings))
      if (user !== undefined) groups.push(...(await search.groupsOf(session, user)).map(({ name }) => name))
      else if (one.strategy !== 'HIERARCHICAL') counts[one.name] = (await search.all(session)).length
    }
    if (user === undefined) this.say('groups', 'ok', 'groups can be read', { counts })
    else this.say('groups', 'ok', `${groups.length} groups of ${user.dn}`, { groups })
  }

  private say(
    step: LdapStep,
    outcome: DirectoryTestStep['outcome'],
    message: string,
    found?: Record<string, unknown>,
  ): void {
    const { url } = this.server
    this.#steps.push({ url, step, outcome, message, ...(found === undefined ? {} : { found }) })
  }
}

function absenceOf(username: string, otherDn: string | undefined): string {
  const name = JSON.stringify(username)
  if (otherDn === undefined) return `no entry for ${name}: check search_filter and search_base`
  return `the server takes ${name} for ${otherDn}, which does not show this name: write it as it is there, and let the manager read the attributes of search_filter`
}

function adviceOn(failure: LdapFailure, { search }: DirectorySettings): string {
  if (failure.step === 'connect') return '; check host, port and firewall'
  if (failure.step === 'manager bind' && isRefusal(failure)) {
    const sent = `manager_dn is sent as it is, ${JSON.stringify(search.managerDn)}, without the base DN`
    return `; check manager_dn and manager_password: ${sent}`
  }
  if (failure.resultCode === resultCodes.sizeLimitExceeded)
    return '; turn pagingSupport on, or let the manager read more entries'
  if (failure.step === 'groups') return '; check groupBaseDn and filter of the group settings'
  return ''
}
