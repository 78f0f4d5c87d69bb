import { RegistryError } from '@entrepot/kernel'
import type {
  RepositoryConfig,
  RepositoryId,
  RepositoryKey,
  RepositoryStore,
  StoredRepository,
} from '@entrepot/repositories'

export class InMemoryRepositoryStore implements RepositoryStore {
  readonly #rows = new Map<RepositoryKey, StoredRepository>()
  #lastId = 0

  async list(): Promise<readonly StoredRepository[]> {
    return [...this.#rows.values()].sort((left, right) => (left.config.key < right.config.key ? -1 : 1))
  }

  async create(config: RepositoryConfig): Promise<StoredRepository> {
    if (this.#rows.has(config.key)) {
      throw new RegistryError('CONFLICT', `there is a repository ${config.key} already`)
    }
    this.#lastId += 1
    return this.keep({ id: this.#lastId as RepositoryId, config, revision: 1 })
  }

  async update(config: RepositoryConfig, revision: number): Promise<StoredRepository> {
    const row = this.#rows.get(config.key)
    if (row === undefined) throw new RegistryError('NAME_UNKNOWN', `there is no repository ${config.key}`)
    if (row.revision !== revision) throw new RegistryError('CONFLICT', `${config.key} was changed meanwhile`)
    return this.keep({ id: row.id, config, revision: revision + 1 })
  }

  async delete(key: RepositoryKey): Promise<boolean> {
    const users = [...this.#rows.values()]
      .filter(({ config }) => config.rclass === 'virtual' && config.repositories.includes(key))
      .map(({ config }) => config.key)
    if (users.length > 0) throw new RegistryError('CONFLICT', `${key} is a member of ${users.join(', ')}`)
    return this.#rows.delete(key)
  }

  /** As a database would: what is stored shares nothing with what was given. */
  private keep(row: StoredRepository): StoredRepository {
    const copy = structuredClone(row)
    this.#rows.set(row.config.key, copy)
    return copy
  }
}
