import { byCodePoint, type Listing, type Page, RegistryError, type UserId } from '@entrepot/kernel'
import { userId } from '@entrepot/kernel/testing'
import type { DirectoryIdentity } from '../directories/user-directory.js'
import { groupsHereOf } from '../groups-here.js'
import { needsRehash } from '../password-hasher.js'
import { isSameEntry } from '../same-entry.js'
import type { UserAccountStore } from '../user-account-store.js'
import {
  internalRealm,
  type Membership,
  type NewUserAccount,
  type UserAccount,
  type UserAccountChange,
} from '../user-account.js'
import { userNameOf } from '../user-name.js'
import { InMemoryAccounts, nameUnknown, pageOf } from './in-memory-accounts.js'

export class InMemoryUserAccountStore implements UserAccountStore {
  /** How often `find` was asked, for tests of caches. */
  lookups = 0

  constructor(private readonly accounts = new InMemoryAccounts()) {}

  async find(name: string): Promise<UserAccount | undefined> {
    this.lookups += 1
    const stored = this.accounts.users.get(userNameOf(name))
    return stored && this.read(stored)
  }

  async list(page: Page): Promise<Listing<UserAccount>> {
    const shown = [...this.accounts.users.values()].filter((account) => !account.transient)
    const { items, ...rest } = pageOf(shown, page)
    return { ...rest, items: items.map((account) => this.read(account)) }
  }

  async create(account: NewUserAccount): Promise<UserAccount> {
    return this.make(account)
  }

  async update(name: string, change: UserAccountChange): Promise<UserAccount> {
    const stored = this.accounts.users.get(userNameOf(name))
    if (stored === undefined) throw nameUnknown('user', name)
    const { groups, admin, ...rest } = change
    const memberships =
      groups === undefined
        ? stored.memberships
        : [...stored.memberships.filter(({ source }) => source !== internalRealm), ...this.given(groups)]
    return this.accounts.keepAdministrator(() =>
      this.keep({
        ...stored,
        ...rest,
        ownAdmin: admin ?? stored.ownAdmin,
        memberships,
        credentialsRevision: stored.credentialsRevision + (endsRefreshTokens(stored, change) ? 1 : 0),
      }),
    )
  }

  async delete(name: string): Promise<boolean> {
    return this.accounts.keepAdministrator(() => {
      this.accounts.entries.delete(userNameOf(name))
      return this.accounts.users.delete(userNameOf(name))
    })
  }

  async hasAdministrator(): Promise<boolean> {
    return this.accounts.isAdministered()
  }

  async hasHadAdministrator(): Promise<boolean> {
    return this.accounts.wasAdministered
  }

  async hasForeignHashes(): Promise<boolean> {
    return [...this.accounts.users.values()].some(
      ({ passwordHash }) => passwordHash !== undefined && needsRehash(passwordHash),
    )
  }

  async confirm(identity: DirectoryIdentity, transient: boolean, at: Date): Promise<UserAccount> {
    const name = userNameOf(identity.username)
    const known = this.accounts.users.get(name)
    if (known !== undefined && (known.realm === internalRealm || known.kind === 'robot')) {
      throw new RegistryError(
        'CONFLICT',
        `the name ${JSON.stringify(name)} belongs to a user of this registry`,
      )
    }
    const entry = this.accounts.entries.get(name)
    const isSame = entry !== undefined && isSameEntry(entry, identity, at)
    this.accounts.entries.set(name, {
      realm: identity.directory,
      dn: identity.dn,
      uniqueId: identity.uniqueId ?? (isSame ? entry.uniqueId : undefined),
      confirmedAt: at,
    })
    const stored = isSame && known !== undefined ? known : this.madeAnew(name, known, transient)
    const passwordChangedAt = stored.directory?.passwordChangedAt
    const isChanged = Number(identity.passwordChangedAt ?? 0) > Number(passwordChangedAt ?? 0)
    const groups = groupsHereOf(identity, this.accounts.groups.values())
    return this.keep({
      ...stored,
      realm: identity.directory,
      email: identity.email ?? stored.email,
      directory: {
        dn: identity.dn,
        confirmedAt: at,
        passwordChangedAt: isChanged ? identity.passwordChangedAt : passwordChangedAt,
      },
      credentialsRevision: stored.credentialsRevision + (isChanged ? 1 : 0),
      memberships: [
        ...stored.memberships.filter(({ source }) => source === internalRealm),
        ...groups.map((group) => ({ group, source: identity.directory })),
      ],
    })
  }

  async withdraw(id: UserId): Promise<void> {
    const stored = this.byId(id)
    if (stored === undefined || stored.directory === undefined) return
    const memberships = stored.memberships.filter(({ source }) => source === internalRealm)
    this.keep({ ...stored, directory: undefined, memberships })
  }

  async replaceHash(id: UserId, from: string, to: string): Promise<boolean> {
    const stored = this.byId(id)
    if (stored?.passwordHash !== from) return false
    this.keep({ ...stored, passwordHash: to })
    return true
  }

  async recordLogin(id: UserId, at: Date): Promise<void> {
    const stored = this.byId(id)
    if (stored !== undefined) this.keep({ ...stored, lastLoginAt: at })
  }

  private make(account: NewUserAccount): UserAccount {
    const name = userNameOf(account.name)
    if (this.accounts.users.has(name)) {
      throw new RegistryError('CONFLICT', `there is a user ${JSON.stringify(name)} already`)
    }
    const given = this.given(account.groups ?? [])
    return this.keep({
      id: this.newId(name),
      name,
      kind: account.kind ?? 'person',
      realm: internalRealm,
      email: account.email,
      passwordHash: account.passwordHash,
      credentialsRevision: 1,
      admin: false,
      ownAdmin: account.admin ?? false,
      disabled: account.disabled ?? false,
      profileUpdatable: account.profileUpdatable ?? true,
      uiAccessDisabled: account.uiAccessDisabled ?? false,
      internalPasswordDisabled: account.internalPasswordDisabled ?? false,
      transient: false,
      directory: undefined,
      lastLoginAt: undefined,
      memberships: [...given, ...this.autoJoined()],
    })
  }

  private madeAnew(name: string, known: UserAccount | undefined, transient: boolean): UserAccount {
    this.accounts.users.delete(name)
    return { ...this.make({ name, disabled: known?.disabled ?? false }), transient }
  }

  private byId(id: UserId): UserAccount | undefined {
    return [...this.accounts.users.values()].find((account) => account.id === id)
  }

  private newId(name: string): UserId {
    const generation = (this.accounts.generations.get(name) ?? 0) + 1
    this.accounts.generations.set(name, generation)
    return userId(generation === 1 ? name : `${name}-${generation}`)
  }

  private given(groups: readonly string[]): readonly Membership[] {
    const missing = groups.find((group) => !this.accounts.groups.has(group))
    if (missing !== undefined) {
      throw new RegistryError('REQUEST_INVALID', `there is no group ${JSON.stringify(missing)}`)
    }
    return groups.map((group) => ({ group, source: internalRealm }))
  }

  private autoJoined(): readonly Membership[] {
    return [...this.accounts.groups.values()]
      .filter(({ autoJoin }) => autoJoin)
      .map(({ name }) => ({ group: name, source: internalRealm }))
  }

  private keep(account: UserAccount): UserAccount {
    const keyed = new Map(account.memberships.map((one) => [`${one.group}\n${one.source}`, one]))
    const memberships = [...keyed.entries()]
      .sort(([left], [right]) => byCodePoint(left, right))
      .map(([, one]) => one)
    const kept = { ...account, memberships }
    this.accounts.wasAdministered ||= kept.ownAdmin
    this.accounts.users.set(account.name, kept)
    return this.read(kept)
  }

  private read(account: UserAccount): UserAccount {
    const byGroup = account.memberships.some(
      ({ group }) => this.accounts.groups.get(group)?.adminPrivileges === true,
    )
    return { ...account, admin: account.ownAdmin || byGroup }
  }
}

function endsRefreshTokens(stored: UserAccount, change: UserAccountChange): boolean {
  const changesPassword = 'passwordHash' in change && change.passwordHash !== stored.passwordHash
  return changesPassword || (change.disabled === true && !stored.disabled)
}
