import type { SecuritySettingStore, StoredSetting } from '@entrepot/access'
import type { Database, Statement } from '../database.js'

const find: Statement = {
  name: 'security-setting-find',
  text: 'SELECT value, revision FROM security_settings WHERE name = $1',
}

/** $1 name, $2 value. */
const put: Statement = {
  text: `
    INSERT INTO security_settings (name, value) VALUES ($1, $2::jsonb)
    ON CONFLICT (name) DO UPDATE SET value = excluded.value, revision = security_settings.revision + 1
    RETURNING value, revision`,
}

export class PostgresSecuritySettingStore implements SecuritySettingStore {
  constructor(private readonly database: Database) {}

  async find(name: string): Promise<StoredSetting | undefined> {
    const [row] = await this.database.query<StoredSetting>(find, [name])
    return row
  }

  async put(name: string, value: StoredSetting['value']): Promise<StoredSetting> {
    const [row] = await this.database.query<StoredSetting>(put, [name, JSON.stringify(value)])
    if (row === undefined) throw new Error('a setting that was written has no row')
    return row
  }
}
