import type { OidcMapping, OidcProvider, OidcProviderStore, StoredOidcProvider } from '@entrepot/identity'
import { RegistryError, type SecretBox } from '@entrepot/kernel'
import { violates } from '../database-error.js'
import type { Statement, Transactional } from '../database.js'
import { ConfigSecrets } from '../secrets/secret-fields.js'

export class PostgresOidcProviderStore implements OidcProviderStore {
  readonly #secrets: ConfigSecrets<OidcProvider>

  constructor(
    private readonly database: Transactional,
    box: SecretBox,
  ) {
    this.#secrets = new ConfigSecrets(box, 'oidc_providers')
  }

  async list(): Promise<readonly StoredOidcProvider[]> {
    const rows = await this.database.query<StoredOidcProvider>(listProviders, [])
    return rows.map((row) => ({ ...row, provider: this.#secrets.opened(row.provider.name, row.provider) }))
  }

  async create(provider: OidcProvider): Promise<void> {
    const { name } = provider
    try {
      await this.database.query(createProvider, [name, this.stored(provider)])
    } catch (error) {
      if (!violates(error, 'oidc_providers_pkey')) throw error
      throw new RegistryError('CONFLICT', `there is an OpenID provider ${name} already`, { cause: error })
    }
  }

  async update(provider: OidcProvider, revision: number): Promise<void> {
    const { name } = provider
    if (name.includes('\0')) throw unknown(name)
    const values = [name, this.stored(provider), revision]
    const [updated] = await this.database.query(updateProvider, values)
    if (updated !== undefined) return
    const isThere = (await this.list()).some((stored) => stored.provider.name === name)
    if (!isThere) throw unknown(name)
    throw new RegistryError('CONFLICT', `OpenID provider ${name} was changed by another at the same time`)
  }

  async delete(name: string): Promise<boolean> {
    return (await this.database.query(deleteProvider, [withoutNul(name)])).length > 0
  }

  putMapping(provider: string, mapping: OidcMapping): Promise<void> {
    const { name, priority } = mapping
    return this.database.transaction(async (transaction) => {
      const [touched] = await transaction.query(touchProvider, [withoutNul(provider)])
      if (touched === undefined) throw unknown(provider)
      await transaction.query(putMapping, [provider, name, priority, JSON.stringify(mapping)])
    })
  }

  deleteMapping(provider: string, name: string): Promise<boolean> {
    return this.database.transaction(async (transaction) => {
      const values = [withoutNul(provider), withoutNul(name)]
      const deleted = await transaction.query(deleteMapping, values)
      if (deleted.length > 0) await transaction.query(touchProvider, [provider])
      return deleted.length > 0
    })
  }

  private stored(provider: OidcProvider): string {
    return JSON.stringify(this.#secrets.sealed(provider.name, provider))
  }
}

function unknown(name: string): RegistryError {
  return new RegistryError(
    'NAME_UNKNOWN',
    `there is no OpenID provider ${JSON.stringify(name.slice(0, 160))}`,
  )
}

/** PostgreSQL refuses a NUL instead of finding nothing; no name has a line break. */
function withoutNul(name: string): string {
  return name.replaceAll('\0', '\n')
}

const listProviders: Statement = {
  name: 'oidc-provider-list',
  text: `
    SELECT p.config AS provider, p.revision,
      coalesce((
        SELECT jsonb_agg(m.config ORDER BY m.priority, m.name) FROM oidc_mappings m WHERE m.provider = p.name
      ), '[]'::jsonb) AS mappings
    FROM oidc_providers p ORDER BY p.name`,
}

const createProvider: Statement = { text: 'INSERT INTO oidc_providers (name, config) VALUES ($1, $2)' }

const updateProvider: Statement = {
  text: `
    UPDATE oidc_providers SET config = $2, revision = revision + 1 WHERE name = $1 AND revision = $3
    RETURNING revision`,
}

const deleteProvider: Statement = { text: 'DELETE FROM oidc_providers WHERE name = $1 RETURNING name' }

const touchProvider: Statement = {
  text: 'UPDATE oidc_providers SET revision = revision + 1 WHERE name = $1 RETURNING revision',
}

const putMapping: Statement = {
  text: `
    INSERT INTO oidc_mappings (provider, name, priority, config) VALUES ($1, $2, $3, $4)
    ON CONFLICT (provider, name) DO UPDATE SET priority = EXCLUDED.priority, config = EXCLUDED.config`,
}

const deleteMapping: Statement = {
  text: 'DELETE FROM oidc_mappings WHERE provider = $1 AND name = $2 RETURNING name',
}
