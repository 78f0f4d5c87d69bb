import type { PermissionTarget, PermissionTargetStore, StoredPermissionTarget } from '@entrepot/access'
import { RegistryError } from '@entrepot/kernel'
import { violates } from '../database-error.js'
import type { Statement, Transactional } from '../database.js'

/** Every replica asks this every second. Revisions are never used twice: a set of them stands for one state. */
const version: Statement = {
  name: 'permission-targets-version',
  text: `SELECT coalesce(md5(string_agg(revision::text, ' ' ORDER BY revision)), '') AS version FROM permission_targets`,
}

const list: Statement = {
  name: 'permission-targets-list',
  text: 'SELECT target, revision FROM permission_targets ORDER BY name',
}

/** $1 name, $2 target. */
const create: Statement = {
  text: `
    INSERT INTO permission_targets (name, target) VALUES ($1, $2::jsonb)
    RETURNING target, revision`,
}

/** $1 name, $2 target, $3 the revision that was changed. */
const update: Statement = {
  text: `
    UPDATE permission_targets SET target = $2::jsonb, revision = DEFAULT WHERE name = $1 AND revision = $3
    RETURNING target, revision`,
}

const revisionOf: Statement = { text: 'SELECT revision FROM permission_targets WHERE name = $1' }

const remove: Statement = { text: 'DELETE FROM permission_targets WHERE name = $1 RETURNING name' }

export class PostgresPermissionTargetStore implements PermissionTargetStore {
  constructor(private readonly database: Transactional) {}

  async version(): Promise<string> {
    const [row] = await this.database.query<{ version: string }>(version, [])
    return row?.version ?? ''
  }

  list(): Promise<readonly StoredPermissionTarget[]> {
    return this.database.query<StoredPermissionTarget>(list, [])
  }

  async create(target: PermissionTarget): Promise<StoredPermissionTarget> {
    try {
      const values = [target.name, JSON.stringify(target)]
      const [stored] = await this.database.query<StoredPermissionTarget>(create, values)
      if (stored === undefined) throw new Error('a permission target that was inserted has no row')
      return stored
    } catch (error) {
      if (!violates(error, 'permission_targets_pkey')) throw error
      throw new RegistryError('CONFLICT', `there is a permission target ${target.name} already`, {
        cause: error,
      })
    }
  }

  async update(target: PermissionTarget, revision: number): Promise<StoredPermissionTarget> {
    const values = [target.name, JSON.stringify(target), revision]
    const [stored] = await this.database.query<StoredPermissionTarget>(update, values)
    if (stored !== undefined) return stored
    const [current] = await this.database.query<{ revision: number }>(revisionOf, [target.name])
    if (current === undefined) {
      throw new RegistryError('NAME_UNKNOWN', `there is no permission target ${JSON.stringify(target.name)}`)
    }
    throw new RegistryError(
      'CONFLICT',
      `permission target ${target.name} was changed by another: it is at revision ${current.revision}, this change ` +
        `was made to ${revision}`,
    )
  }

  async delete(name: string): Promise<boolean> {
    const rows = await this.database.query(remove, [name])
    return rows.length > 0
  }
}
