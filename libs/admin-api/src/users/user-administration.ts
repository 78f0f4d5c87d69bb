import { internalRealm, type UserAccount, type UserAccountChange, userNameOf } from '@entrepot/identity'
import { type AuditTrail, RegistryError } from '@entrepot/kernel'
import type { AccountPorts } from '../admin-api-ports.js'
import type { Caller } from '../caller.js'
import { given } from '../http/given.js'
import { noSuch } from '../http/no-such.js'
import type { GrantCleanup } from '../permissions/grant-cleanup.js'
import { recordChange } from '../record-change.js'
import { userAuditView } from './user-json.js'
import { parseUserName } from './user-name.js'
import type { NewUserSettings, OwnProfile, UserSettings } from './user-settings.js'

/** What administrators do to users, and users to themselves. Every change is written down, and none shows a password. */
export class UserAdministration {
  constructor(
    private readonly accounts: AccountPorts,
    private readonly grants: GrantCleanup,
    private readonly audit: AuditTrail,
  ) {}

  /** @throws HttpException 404 */
  async existing(name: string): Promise<UserAccount> {
    const account = await this.find(name)
    if (account === undefined) throw noSuch('user', name)
    return account
  }

  find(name: string): Promise<UserAccount | undefined> {
    return this.accounts.users.find(userNameOf(name))
  }

  /**
   * The user whom the caller asks for: everybody for administrators, else the caller alone.
   * @throws HttpException 404 for somebody else, whether they exist or not
   */
  async visible(caller: Caller, name: string): Promise<UserAccount> {
    const account = await this.find(name)
    if (account === undefined || !(caller.administrator || account.id === caller.principal.id)) {
      throw noSuch('user', name)
    }
    return account
  }

  /** @throws RegistryError CONFLICT when the name is taken, REQUEST_INVALID */
  async create(caller: Caller, nameText: string, settings: NewUserSettings): Promise<UserAccount> {
    const name = parseUserName(nameText)
    const { password, email, ...rest } = settings
    const needsPassword = settings.kind !== 'robot' && settings.internalPasswordDisabled !== true
    if (password === undefined && needsPassword) {
      throw invalid(
        'password is missing: only a robot, or a user with an internal password disabled, has none',
      )
    }
    if (password !== undefined && settings.kind === 'robot') throw robotPassword(name)
    const passwordHash = await this.hashOf(name, password)
    const account = await this.accounts.users.create({
      name,
      ...rest,
      email: email === '' ? undefined : email,
      ...(passwordHash === undefined ? {} : { passwordHash }),
    })
    this.record(caller, 'user.create', name, undefined, userAuditView(account))
    return account
  }

  /** What `settings` doesn't name stays. @throws RegistryError REQUEST_INVALID, CONFLICT for the last administrator */
  async change(caller: Caller, name: string, settings: UserSettings): Promise<UserAccount> {
    const current = await this.existing(name)
    const { password, email, groups, ...rest } = settings
    if (password !== undefined) checkTakesPassword(current)
    const passwordHash = await this.hashOf(current.name, password)
    const change: UserAccountChange = {
      ...given<UserAccountChange>({
        ...rest,
        passwordHash,
        groups: groups === undefined ? undefined : givenHere(current, groups),
      }),
      ...(email === undefined ? {} : { email: email === '' ? undefined : email }),
    }
    const account = await this.accounts.users.update(current.name, change)
    this.accounts.principals.forget(account.name)
    if (passwordHash !== undefined || account.disabled) {
      await this.accounts.refreshTokens.revokeAllOf(account.name)
    }
    this.record(caller, 'user.update', account.name, userAuditView(current), {
      ...userAuditView(account),
      ...(passwordHash === undefined ? {} : { password: 'changed' }),
    })
    return account
  }

  /** What users may change of themselves. @throws RegistryError DENIED, REQUEST_INVALID */
  async changeOwn(caller: Caller, { email, password, oldPassword }: OwnProfile): Promise<UserAccount> {
    const current = await this.visible(caller, caller.principal.name)
    if (!current.profileUpdatable) {
      throw new RegistryError('DENIED', 'your profile can be changed by an administrator only')
    }
    if (password !== undefined) await this.checkOldPassword(caller, oldPassword)
    return this.change(caller, current.name, given<UserSettings>({ email, password }))
  }

  /** @throws RegistryError REQUEST_INVALID for an unknown group, before anything has changed */
  async changeGroups(
    caller: Caller,
    name: string,
    { add, remove }: { add: readonly string[]; remove: readonly string[] },
  ): Promise<UserAccount> {
    const current = await this.existing(name)
    for (const group of [...add, ...remove]) {
      if ((await this.accounts.groups.find(group)) === undefined) {
        throw invalid(`there is no group ${JSON.stringify(group.slice(0, 100))}`)
      }
    }
    const member = [current.name]
    for (const group of add) await this.accounts.groups.changeMembers(group, { add: member, remove: [] })
    for (const group of remove) await this.accounts.groups.changeMembers(group, { add: [], remove: member })
    this.accounts.principals.forget(current.name)
    const account = await this.existing(name)
    this.record(caller, 'user.update', current.name, userAuditView(current), userAuditView(account))
    return account
  }

  /** Takes the user's tokens, memberships and grants along, so that nobody who is made anew under the name inherits any. */
  async remove(caller: Caller, name: string): Promise<void> {
    const current = await this.existing(name)
    if (!(await this.accounts.users.delete(current.name))) throw noSuch('user', name)
    this.accounts.principals.forget(current.name)
    await this.accounts.refreshTokens.revokeAllOf(current.name)
    this.record(caller, 'user.delete', current.name, userAuditView(current), undefined)
    await this.grants.withdraw(caller, { user: current.name })
  }

  private async checkOldPassword(caller: Caller, oldPassword: string | undefined): Promise<void> {
    const { principal, origin } = caller
    if (oldPassword === undefined) throw invalid('the old password is missing')
    const proven = await this.accounts.passwords.authenticate(
      { username: principal.name, password: oldPassword },
      origin,
    )
    // The trail has a wrong one as a refused login.
    if (proven === undefined) throw new RegistryError('DENIED', wrongOldPassword, { isForAudit: false })
    // An access token passes for a password elsewhere; whoever has stolen one must not get hold of the account by it.
    if (proven.id !== principal.id || proven.accessTokenId !== undefined) {
      throw new RegistryError('DENIED', wrongOldPassword)
    }
  }

  private async hashOf(name: string, password: string | undefined): Promise<string | undefined> {
    if (password === undefined) return undefined
    const refusal = this.accounts.passwordPolicies.refusalOf(name, password)
    if (refusal !== undefined) throw invalid(`the password is refused: ${refusal}`)
    return this.accounts.hasher.hash(password)
  }

  private record(
    caller: Caller,
    action: 'user.create' | 'user.update' | 'user.delete',
    name: string,
    before: object | undefined,
    after: object | undefined,
  ): void {
    recordChange(this.audit, caller, { action, subject: { kind: 'user', name }, before, after })
  }
}

const wrongOldPassword = 'the old password is wrong'

function checkTakesPassword(account: UserAccount): void {
  if (account.kind === 'robot') throw robotPassword(account.name)
  if (account.realm !== internalRealm) {
    throw invalid(
      `the password of ${account.name} is kept by the directory "${account.realm}": change it there`,
    )
  }
}

/** Whoever sends back what was shown must not turn a directory's membership into one that was given here. */
function givenHere(account: UserAccount, groups: readonly string[]): readonly string[] {
  const sources = new Map<string, Set<string>>()
  for (const { group, source } of account.memberships) {
    sources.set(group, (sources.get(group) ?? new Set()).add(source))
  }
  return groups.filter((group) => sources.get(group)?.has(internalRealm) ?? true)
}

function robotPassword(name: string): RegistryError {
  return invalid(`${name} is a robot, which has no password: make an access token for it`)
}

function invalid(message: string): RegistryError {
  return new RegistryError('REQUEST_INVALID', message)
}
