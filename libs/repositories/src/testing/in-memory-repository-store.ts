import { RegistryError, byCodePoint } from '@entrepot/kernel'
import type { RepositoryConfig, RepositoryId, RepositoryKey, StoredRepository } from '../repository-config.js'
import type { RepositoryChange, RepositoryStore } from '../repository-store.js'

export class InMemoryRepositoryStore implements RepositoryStore {
  readonly #rows = new Map<RepositoryKey, StoredRepository>()
  #lastId = 0

  /** @returns what brings back what is here now */
  snapshot(): () => void {
    const before = [...this.#rows]
    return () => {
      this.#rows.clear()
      for (const [key, row] of before) this.#rows.set(key, row)
    }
  }

  async list(): Promise<readonly StoredRepository[]> {
    return [...this.#rows.values()].sort((left, right) => byCodePoint(left.config.key, right.config.key))
  }

  async create(config: RepositoryConfig): Promise<StoredRepository> {
    if (this.#rows.has(config.key))
      throw new RegistryError('CONFLICT', `repository ${config.key} exists already`)
    this.#lastId += 1
    return this.#keep({ id: this.#lastId as RepositoryId, config, revision: 1 })
  }

  async update(config: RepositoryConfig, revision: number): Promise<StoredRepository> {
    const current = this.#rows.get(config.key)
    if (current === undefined) throw new RegistryError('NAME_UNKNOWN', `there is no repository ${config.key}`)
    if (current.revision !== revision) {
      throw new RegistryError(
        'CONFLICT',
        `repository ${config.key} is at revision ${current.revision}, not ${revision}`,
      )
    }
    return this.#keep({ id: current.id, config, revision: revision + 1 })
  }

  async apply(changes: readonly RepositoryChange[]): Promise<readonly StoredRepository[]> {
    const before = [...this.#rows]
    try {
      const stored: StoredRepository[] = []
      for (const { config, revision } of changes) {
        stored.push(await (revision === undefined ? this.create(config) : this.update(config, revision)))
      }
      return stored
    } catch (error) {
      this.#rows.clear()
      for (const [key, row] of before) this.#rows.set(key, row)
      throw error
    }
  }

  async delete(key: RepositoryKey): Promise<boolean> {
    const users = [...this.#rows.values()].filter(
      ({ config }) => config.rclass === 'virtual' && config.repositories.includes(key),
    )
    if (users.length > 0) {
      throw new RegistryError(
        'CONFLICT',
        `repository ${key} is listed by ${users.map(({ config }) => config.key).join(', ')}`,
      )
    }
    return this.#rows.delete(key)
  }

  #keep(row: StoredRepository): StoredRepository {
    this.#rows.set(row.config.key, row)
    return row
  }
}
