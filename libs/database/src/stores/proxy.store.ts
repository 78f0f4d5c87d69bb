import { RegistryError, type SecretBox } from '@entrepot/kernel'
import type { ProxyChange, ProxyConfig, ProxyStore, StoredProxy } from '@entrepot/repositories'
import type { Queryable, Statement, Transactional } from '../database.js'
import { ConfigSecrets } from '../secrets/secret-fields.js'

const list: Statement = {
  name: 'proxy-list',
  text: 'SELECT config, revision FROM proxies ORDER BY key',
}

/** $1 key, $2 config. */
const create: Statement = {
  text: `
    INSERT INTO proxies (key, config) VALUES ($1, $2::jsonb) ON CONFLICT DO NOTHING RETURNING key`,
}

/** $1 key, $2 revision, $3 config. */
const update: Statement = {
  text: `
    UPDATE proxies SET config = $3::jsonb, revision = nextval('proxies_revision')
    WHERE key = $1 AND revision = $2 RETURNING key`,
}

/** $1 key, $2 revision. */
const remove: Statement = { text: 'DELETE FROM proxies WHERE key = $1 AND revision = $2 RETURNING key' }

export class PostgresProxyStore implements ProxyStore {
  readonly #secrets: ConfigSecrets<ProxyConfig>

  constructor(
    private readonly database: Transactional,
    box: SecretBox,
  ) {
    this.#secrets = new ConfigSecrets(box, 'proxies')
  }

  async list(): Promise<readonly StoredProxy[]> {
    const rows = await this.database.query<StoredProxy>(list, [])
    return rows.map(({ config, revision }) => {
      return { config: this.#secrets.opened(config.key, config), revision }
    })
  }

  apply(changes: readonly ProxyChange[]): Promise<void> {
    // Locked in one order, so that no two can wait for each other.
    const sorted = changes.toSorted((one, other) => (one.key < other.key ? -1 : 1))
    return this.database.transaction(async (transaction) => {
      for (const change of sorted) {
        if ((await this.write(change, transaction)).length > 0) continue
        throw new RegistryError('CONFLICT', `proxy ${change.key} was changed meanwhile: try again`)
      }
    })
  }

  private write({ key, config, revision }: ProxyChange, transaction: Queryable): Promise<readonly unknown[]> {
    if (config === undefined) return transaction.query(remove, [key, revision])
    const stored = JSON.stringify(this.#secrets.sealed(key, config))
    return revision === 0
      ? transaction.query(create, [key, stored])
      : transaction.query(update, [key, revision, stored])
  }
}
