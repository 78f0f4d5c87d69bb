import type { OrderedSettings, OrderedSettingsStore } from '@entrepot/identity'
import { RegistryError, type SecretBox } from '@entrepot/kernel'
import { violates } from '../database-error.js'
import type { Statement, Transactional } from '../database.js'
import { ConfigSecrets } from '../secrets/secret-fields.js'

type Table = 'ldap_settings' | 'ldap_group_settings'

/** The directories, or where their groups are. */
export class PostgresOrderedSettingsStore<T> implements OrderedSettingsStore<T> {
  readonly #sql: ReturnType<typeof statementsOf>
  readonly #secrets: ConfigSecrets<T>

  constructor(
    private readonly database: Transactional,
    private readonly table: Table,
    box: SecretBox,
  ) {
    this.#sql = statementsOf(table)
    this.#secrets = new ConfigSecrets(box, table)
  }

  async list(): Promise<readonly OrderedSettings<T>[]> {
    const rows = await this.database.query<OrderedSettings<T>>(this.#sql.list, [])
    return rows.map((row) => ({ ...row, config: this.#secrets.opened(row.name, row.config) }))
  }

  async create(name: string, config: T): Promise<void> {
    try {
      await this.database.transaction(async (transaction) => {
        await transaction.query(this.#sql.lock, [])
        await transaction.query(this.#sql.create, [name, this.stored(name, config)])
      })
    } catch (error) {
      if (!violates(error, `${this.table}_pkey`)) throw error
      throw new RegistryError('CONFLICT', `there is ${JSON.stringify(name)} already`, { cause: error })
    }
  }

  async update(name: string, config: T, revision: number): Promise<void> {
    const [updated] = await this.database.query(this.#sql.update, [name, this.stored(name, config), revision])
    if (updated !== undefined) return
    const stored = (await this.list()).find((one) => one.name === name)
    if (stored === undefined) throw new RegistryError('NAME_UNKNOWN', `there is no ${JSON.stringify(name)}`)
    throw new RegistryError(
      'CONFLICT',
      `${name} was changed by another: it is at revision ${stored.revision}, this change was made to ${revision}`,
    )
  }

  async delete(name: string): Promise<boolean> {
    const [deleted] = await this.database.query(this.#sql.delete, [name])
    return deleted !== undefined
  }

  reorder(names: readonly string[]): Promise<void> {
    return this.database.transaction(async (transaction) => {
      await transaction.query(this.#sql.lock, [])
      const rows = await transaction.query<OrderedSettings<T>>(this.#sql.list, [])
      const there = rows.map(({ name }) => name)
      if (there.toSorted().join('\n') !== names.toSorted().join('\n')) {
        throw new RegistryError('CONFLICT', `the order must name each of these once: ${there.join(', ')}`)
      }
      await transaction.query(this.#sql.reorder, [names])
    })
  }

  private stored(name: string, config: T): string {
    return JSON.stringify(this.#secrets.sealed(name, config))
  }
}

/** Seldom used, but for the list, which every replica reads every second. */
function statementsOf(table: Table) {
  const name = table === 'ldap_settings' ? 'key' : 'name'
  return {
    list: {
      name: `${table}-list`,
      text: `SELECT ${name} AS name, config, revision FROM ${table} ORDER BY position, ${name}`,
    },
    lock: { text: `LOCK TABLE ${table} IN SHARE ROW EXCLUSIVE MODE` },
    create: {
      text: `
        INSERT INTO ${table} (${name}, config, position)
        SELECT $1::text, $2::jsonb, coalesce(max(position), 0) + 1 FROM ${table}`,
    },
    update: {
      text: `
        UPDATE ${table} SET config = $2::jsonb, revision = revision + 1
        WHERE ${name} = $1 AND revision = $3 RETURNING revision`,
    },
    delete: { text: `DELETE FROM ${table} WHERE ${name} = $1 RETURNING ${name}` },
    reorder: { text: `UPDATE ${table} SET position = array_position($1::text[], ${name})` },
  } satisfies Record<string, Statement>
}
