import { type Group, type GroupChange, type GroupStore, userNameOf } from '@entrepot/identity'
import { type Listing, listingOf, type Page, RegistryError, type UserId } from '@entrepot/kernel'
import { violates } from '../database-error.js'
import type { Queryable, Statement, Transactional } from '../database.js'
import { type AdministratorKeeper, keepAdministrator } from './keep-administrator.js'

interface GroupRow {
  readonly name: string
  readonly description: string
  readonly auto_join: boolean
  readonly admin_privileges: boolean
  readonly realm: string
  readonly realm_attributes: string | null
  readonly external_id: string | null
}

export class PostgresGroupStore implements GroupStore {
  constructor(
    private readonly database: Transactional,
    private readonly keep: AdministratorKeeper = keepAdministrator,
  ) {}

  async find(name: string): Promise<Group | undefined> {
    if (name.includes('\0')) return undefined
    const [row] = await this.database.query<GroupRow>(findGroup, [name])
    return row && groupOf(row)
  }

  async list(page: Page): Promise<Listing<Group>> {
    const rows = await this.database.query<GroupRow>(listGroups, [page.after ?? '', page.limit + 1])
    return listingOf(rows.map(groupOf), page.limit)
  }

  async create(group: Group): Promise<Group> {
    try {
      const [row] = await this.database.query<GroupRow>(createGroup, valuesOf(group))
      if (row === undefined) throw new Error('a group that was inserted has no row')
      return groupOf(row)
    } catch (error) {
      if (!violates(error, 'groups_pkey')) throw error
      throw new RegistryError('CONFLICT', `there is a group ${JSON.stringify(group.name)} already`, {
        cause: error,
      })
    }
  }

  update(name: string, change: GroupChange): Promise<Group> {
    return this.keep(this.database, async (transaction) => {
      const group = await locked(transaction, lockGroup, name)
      const [row] = await transaction.query<GroupRow>(updateGroup, valuesOf({ ...group, ...change }))
      if (row === undefined) throw new Error('a group that was locked has no row')
      return groupOf(row)
    })
  }

  async delete(name: string): Promise<boolean> {
    if (name.includes('\0')) return false
    const deleted = await this.keep(this.database, (transaction) => transaction.query(deleteGroup, [name]))
    return deleted.length > 0
  }

  members(name: string): Promise<readonly string[]> {
    return this.database.transaction(async (transaction) => {
      await locked(transaction, shareGroup, name)
      const rows = await transaction.query<{ name: string }>(listMembers, [name])
      return rows.map((row) => row.name)
    })
  }

  async changeMembers(
    name: string,
    change: { add: readonly string[]; remove: readonly string[] },
  ): Promise<void> {
    await this.keep(this.database, async (transaction) => {
      await locked(transaction, shareGroup, name)
      const add = await usersOf(transaction, change.add)
      const remove = await usersOf(transaction, change.remove)
      if (remove.length > 0) await transaction.query(removeMembers, [name, remove])
      if (add.length > 0) await transaction.query(addMembers, [name, add])
    })
  }
}

async function locked(transaction: Queryable, statement: Statement, name: string): Promise<Group> {
  const rows = name.includes('\0') ? [] : await transaction.query<GroupRow>(statement, [name])
  const [row] = rows
  if (row === undefined) throw new RegistryError('NAME_UNKNOWN', `there is no group ${JSON.stringify(name)}`)
  return groupOf(row)
}

async function usersOf(transaction: Queryable, names: readonly string[]): Promise<readonly UserId[]> {
  const wanted = [...new Set(names.map(userNameOf))]
  if (wanted.length === 0) return []
  const possible = wanted.filter((name) => !name.includes('\0'))
  const rows = await transaction.query<{ id: UserId; name: string }>(shareUsers, [possible])
  const found = new Set(rows.map(({ name }) => name))
  const missing = wanted.find((name) => !found.has(name))
  if (missing !== undefined)
    throw new RegistryError('NAME_UNKNOWN', `there is no user ${JSON.stringify(missing)}`)
  return rows.map(({ id }) => id)
}

function valuesOf(group: Group): readonly unknown[] {
  return [
    group.name,
    group.description,
    group.autoJoin,
    group.adminPrivileges,
    group.realm,
    group.realmAttributes ?? null,
    group.externalId ?? null,
  ]
}

function groupOf(row: GroupRow): Group {
  return {
    name: row.name,
    description: row.description,
    autoJoin: row.auto_join,
    adminPrivileges: row.admin_privileges,
    realm: row.realm,
    realmAttributes: row.realm_attributes ?? undefined,
    externalId: row.external_id ?? undefined,
  }
}

const columns = 'name, description, auto_join, admin_privileges, realm, realm_attributes, external_id'

const findGroup: Statement = { name: 'group-find', text: `SELECT ${columns} FROM groups WHERE name = $1` }

const lockGroup: Statement = { text: `SELECT ${columns} FROM groups WHERE name = $1 FOR UPDATE` }

const shareGroup: Statement = { text: `SELECT ${columns} FROM groups WHERE name = $1 FOR KEY SHARE` }

const listGroups: Statement = {
  name: 'groups-list',
  text: `SELECT ${columns} FROM groups WHERE name > $1 ORDER BY name LIMIT $2`,
}

const createGroup: Statement = {
  text: `INSERT INTO groups (${columns}) VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING ${columns}`,
}

const updateGroup: Statement = {
  text: `
    UPDATE groups SET description = $2, auto_join = $3, admin_privileges = $4, realm = $5, realm_attributes = $6,
      external_id = $7
    WHERE name = $1
    RETURNING ${columns}`,
}

const deleteGroup: Statement = { text: 'DELETE FROM groups WHERE name = $1 RETURNING name' }

const listMembers: Statement = {
  text: `
    SELECT u.name FROM users u
    WHERE NOT u.transient AND EXISTS (
      SELECT 1 FROM group_members gm WHERE gm.user_id = u.id AND gm.group_name = $1
    )
    ORDER BY u.name`,
}

const shareUsers: Statement = {
  text: 'SELECT id, name FROM users WHERE name = ANY ($1::text[]) ORDER BY id FOR KEY SHARE',
}

const removeMembers: Statement = {
  text: `DELETE FROM group_members WHERE group_name = $1 AND source = 'internal' AND user_id = ANY ($2::uuid[])`,
}

const addMembers: Statement = {
  text: `
    INSERT INTO group_members (user_id, group_name, source)
    SELECT id, $1::text, 'internal' FROM unnest($2::uuid[]) AS added (id) ORDER BY id
    ON CONFLICT DO NOTHING`,
}
