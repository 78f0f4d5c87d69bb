import {
  directoryGroupRealm,
  type DirectoryIdentity,
  groupsHereOf,
  internalRealm,
  isSameEntry,
  type Membership,
  type NewUserAccount,
  type UserAccount,
  type UserAccountChange,
  type UserAccountStore,
  type UserKind,
  userNameOf,
} from '@entrepot/identity'
import { type Listing, listingOf, type Page, RegistryError, type UserId } from '@entrepot/kernel'
import { violates } from '../database-error.js'
import type { Queryable, Transactional } from '../database.js'
import { type AdministratorKeeper, keepAdministrator } from './keep-administrator.js'
import * as sql from './user-account.sql.js'
import { withdrawGrants } from './withdraw-grants.js'

interface AccountRow {
  readonly id: UserId
  readonly name: string
  readonly kind: UserKind
  readonly realm: string
  readonly email: string | null
  readonly password_hash: string | null
  readonly credentials_revision: number
  readonly admin: boolean
  readonly own_admin: boolean
  readonly disabled: boolean
  readonly profile_updatable: boolean
  readonly ui_access_disabled: boolean
  readonly internal_password_disabled: boolean
  readonly transient: boolean
  readonly directory_dn: string | null
  readonly directory_password_at: Date | null
  readonly confirmed_at: Date | null
  readonly withdrawn_at: Date | null
  readonly last_login_at: Date | null
  readonly memberships: readonly Membership[]
}

interface LockedRow {
  readonly id: UserId
  readonly realm: string
  readonly kind: UserKind
  readonly directory_dn: string | null
  readonly directory_uid: string | null
  readonly confirmed_at: Date | null
}

export class PostgresUserAccountStore implements UserAccountStore {
  constructor(
    private readonly database: Transactional,
    private readonly keep: AdministratorKeeper = keepAdministrator,
  ) {}

  find(name: string): Promise<UserAccount | undefined> {
    return findIn(this.database, userNameOf(name))
  }

  async list(page: Page): Promise<Listing<UserAccount>> {
    const rows = await this.database.query<AccountRow>(sql.listAccounts, [page.after ?? '', page.limit + 1])
    return listingOf(rows.map(accountOf), page.limit)
  }

  async create(account: NewUserAccount): Promise<UserAccount> {
    const name = userNameOf(account.name)
    const values = [
      name,
      account.kind ?? 'person',
      account.email ?? null,
      account.passwordHash ?? null,
      account.admin ?? false,
      account.disabled ?? false,
      account.profileUpdatable ?? true,
      account.uiAccessDisabled ?? false,
      account.internalPasswordDisabled ?? false,
    ]
    try {
      return await this.database.transaction(async (transaction) => {
        const [row] = await transaction.query<{ id: UserId }>(sql.createAccount, values)
        if (row === undefined) throw new Error('a user who was inserted has no row')
        if (account.admin === true) await transaction.query(sql.noteAdministrator, [])
        await give(transaction, row.id, account.groups ?? [])
        await transaction.query(sql.joinGroups, [row.id])
        return await existing(transaction, name)
      })
    } catch (error) {
      if (!violates(error, 'users_pkey')) throw error
      throw new RegistryError('CONFLICT', `there is a user ${JSON.stringify(name)} already`, { cause: error })
    }
  }

  update(name: string, change: UserAccountChange): Promise<UserAccount> {
    const key = userNameOf(name)
    return this.keep(this.database, async (transaction) => {
      const row = await lock(transaction, key)
      if (row === undefined)
        throw new RegistryError('NAME_UNKNOWN', `there is no user ${JSON.stringify(key)}`)
      await transaction.query(sql.updateAccount, [row.id, JSON.stringify(columnsOf(change))])
      if (change.admin === true) await transaction.query(sql.noteAdministrator, [])
      if (change.groups !== undefined) {
        await transaction.query(sql.removeGivenMemberships, [row.id, change.groups])
        await give(transaction, row.id, change.groups)
      }
      return existing(transaction, key)
    })
  }

  async delete(name: string): Promise<boolean> {
    if (name.includes('\0')) return false
    const deleted = await this.keep(this.database, (transaction) =>
      transaction.query(sql.deleteAccount, [userNameOf(name)]),
    )
    return deleted.length > 0
  }

  async hasAdministrator(): Promise<boolean> {
    const [row] = await this.database.query<{ exists: boolean }>(sql.administratorExists, [])
    return row?.exists === true
  }

  async hasHadAdministrator(): Promise<boolean> {
    const [row] = await this.database.query<{ exists: boolean }>(sql.wasAdministered, [])
    return row?.exists === true
  }

  confirm(identity: DirectoryIdentity, transient: boolean, at: Date): Promise<UserAccount> {
    const name = userNameOf(identity.username)
    return this.database.transaction(async (transaction) => {
      const id = await claim(transaction, name, identity, transient, at)
      const { directory, email, dn, uniqueId, passwordChangedAt } = identity
      await transaction.query(sql.confirmAccount, [
        id,
        directory,
        email ?? null,
        dn,
        at,
        uniqueId ?? null,
        passwordChangedAt ?? null,
      ])
      const groups = groupsHereOf(identity, await directoryGroups(transaction))
      await transaction.query(sql.removeDirectoryMemberships, [id, groups, directory])
      if (groups.length > 0) await transaction.query(sql.addMemberships, [id, groups, directory])
      return existing(transaction, name)
    })
  }

  async withdraw(id: UserId, at: Date): Promise<void> {
    await this.database.query(sql.withdraw, [id, at])
  }

  async replaceHash(id: UserId, from: string, to: string): Promise<boolean> {
    return (await this.database.query(sql.replaceHash, [id, from, to])).length > 0
  }

  async hasForeignHashes(): Promise<boolean> {
    const [row] = await this.database.query<{ exists: boolean }>(sql.foreignHashExists, [])
    return row?.exists === true
  }

  async recordLogin(id: UserId, at: Date): Promise<void> {
    await this.database.query(sql.recordLogin, [id, at])
  }
}

async function findIn(target: Queryable, name: string): Promise<UserAccount | undefined> {
  // PostgreSQL refuses a NUL instead of finding nothing, and the name is whatever somebody typed at a login.
  if (name.includes('\0')) return undefined
  const [row] = await target.query<AccountRow>(sql.findAccount, [name])
  return row && accountOf(row)
}

async function existing(transaction: Queryable, name: string): Promise<UserAccount> {
  const account = await findIn(transaction, name)
  if (account === undefined) throw new Error('a user who was written has no row')
  return account
}

async function lock(transaction: Queryable, name: string): Promise<LockedRow | undefined> {
  if (name.includes('\0')) return undefined
  const [row] = await transaction.query<LockedRow>(sql.lockAccount, [name])
  return row
}

/** Memberships given here. */
async function give(transaction: Queryable, id: UserId, groups: readonly string[]): Promise<void> {
  if (groups.length === 0) return
  const rows = await transaction.query<{ name: string }>(sql.addMemberships, [id, groups, internalRealm])
  const found = new Set(rows.map(({ name }) => name))
  const missing = groups.find((group) => !found.has(group))
  if (missing === undefined) return
  throw new RegistryError(
    'REQUEST_INVALID',
    `there is no group ${JSON.stringify(missing)}: create it first, or leave it out`,
  )
}

/** @returns the id of the account of the name, which is this directory's from now on, and locked */
async function claim(
  transaction: Queryable,
  name: string,
  identity: DirectoryIdentity,
  transient: boolean,
  at: Date,
): Promise<UserId> {
  const [made] = await transaction.query<{ id: UserId }>(sql.insertConfirmed, [
    name,
    identity.directory,
    transient,
    at,
  ])
  if (made !== undefined) {
    await transaction.query(sql.joinGroups, [made.id])
    return made.id
  }
  const row = await lock(transaction, name)
  if (row === undefined) {
    throw new RegistryError('CONFLICT', `user ${JSON.stringify(name)} is being deleted: try again`)
  }
  if (row.realm === internalRealm || row.kind === 'robot') {
    throw new RegistryError('CONFLICT', `the name ${JSON.stringify(name)} belongs to a user of this registry`)
  }
  if (isSameUser(row, identity, at)) return row.id
  const id = await makeAnew(transaction, row.id, name, transient)
  await transaction.query(sql.joinGroups, [id])
  return id
}

function isSameUser(row: LockedRow, identity: DirectoryIdentity, at: Date): boolean {
  const { realm, directory_dn: dn, directory_uid: uniqueId, confirmed_at: confirmedAt } = row
  if (confirmedAt === null) return false
  return isSameEntry({ realm, dn: dn ?? '', uniqueId: uniqueId ?? undefined, confirmedAt }, identity, at)
}

async function makeAnew(
  transaction: Queryable,
  id: UserId,
  name: string,
  transient: boolean,
): Promise<UserId> {
  await transaction.query(sql.deleteMemberships, [id])
  await transaction.query(sql.deleteAccessTokens, [id])
  await transaction.query(sql.deleteRefreshTokens, [id, name])
  await withdrawGrants(transaction, name)
  const [row] = await transaction.query<{ id: UserId }>(sql.makeAnew, [id, transient])
  if (row === undefined) throw new Error('a user who was locked has no row')
  return row.id
}

async function directoryGroups(transaction: Queryable) {
  const rows = await transaction.query<{ name: string; realm: string; external_id: string | null }>(
    sql.directoryGroups,
    [directoryGroupRealm],
  )
  return rows.map(({ name, realm, external_id }) => ({ name, realm, externalId: external_id ?? undefined }))
}

/** What is absent stays; what is undefined becomes NULL. */
function columnsOf(change: UserAccountChange): Record<string, unknown> {
  const { email, passwordHash, admin, disabled, profileUpdatable, uiAccessDisabled } = change
  const defined = {
    admin,
    disabled,
    profile_updatable: profileUpdatable,
    ui_access_disabled: uiAccessDisabled,
    internal_password_disabled: change.internalPasswordDisabled,
  }
  return {
    ...defined,
    ...('email' in change ? { email: email ?? null } : {}),
    ...('passwordHash' in change ? { password_hash: passwordHash ?? null } : {}),
  }
}

function accountOf(row: AccountRow): UserAccount {
  return {
    id: row.id,
    name: row.name,
    kind: row.kind,
    realm: row.realm,
    email: row.email ?? undefined,
    passwordHash: row.password_hash ?? undefined,
    credentialsRevision: row.credentials_revision,
    admin: row.admin,
    ownAdmin: row.own_admin,
    disabled: row.disabled,
    profileUpdatable: row.profile_updatable,
    uiAccessDisabled: row.ui_access_disabled,
    internalPasswordDisabled: row.internal_password_disabled,
    transient: row.transient,
    directory:
      row.confirmed_at === null || row.withdrawn_at !== null
        ? undefined
        : {
            dn: row.directory_dn ?? '',
            confirmedAt: row.confirmed_at,
            passwordChangedAt: row.directory_password_at ?? undefined,
          },
    lastLoginAt: row.last_login_at ?? undefined,
    memberships: row.memberships,
  }
}
