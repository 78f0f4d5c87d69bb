import type { SecuritySettingStore, StoredSetting } from '@entrepot/access'
import type { Statement, Transactional } from '../database.js'

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

/** $1 name, $2 value, $3 the revision that it takes the place of. */
const replace: Statement = {
  text: `
    INSERT INTO security_settings (name, value)
    SELECT $1::text, $2::jsonb
    WHERE $3::integer = 0 OR EXISTS (SELECT 1 FROM security_settings WHERE name = $1::text)
    ON CONFLICT (name) DO UPDATE SET value = excluded.value, revision = security_settings.revision + 1
    WHERE security_settings.revision = $3::integer
    RETURNING revision`,
}

export class PostgresSecuritySettingStore implements SecuritySettingStore {
  constructor(private readonly database: Transactional) {}

  async find(name: string): Promise<StoredSetting | undefined> {
    const [row] = await this.database.query<StoredSetting>(find, [name])
    return row
  }

  async replace(name: string, value: StoredSetting['value'], revision: number): Promise<boolean> {
    return (await this.database.query(replace, [name, JSON.stringify(value), revision])).length > 0
  }

  async put(name: string, value: StoredSetting['value']): Promise<StoredSetting> {
    const [row] = await this.database.query<StoredSetting>(put, [name, JSON.stringify(value)])
    if (row === undefined) throw new Error('a setting that was written has no row')
    return row
  }
}
