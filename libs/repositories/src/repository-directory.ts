import { type Broadcast, Replicated } from '@entrepot/coordination'
import { type Logger, RegistryError } from '@entrepot/kernel'
import type { RepositoryConfig, RepositoryKey, StoredRepository } from './repository-config.js'
import type { RepositoryStore } from './repository-store.js'
import { checkMembers } from './virtual-members.js'

type ByKey = ReadonlyMap<string, StoredRepository>

/**
 * The configured repositories, in memory: every request asks for one. Changes go through here, are checked, stored, and
 * told to the other replicas.
 */
export class RepositoryDirectory {
  readonly #repositories: Replicated<ByKey>

  constructor(
    private readonly store: RepositoryStore,
    broadcast: Broadcast,
    logger: Logger,
  ) {
    const load = async (current: ByKey) => loadedAfter(current, await store.list())
    this.#repositories = new Replicated({ name: 'repositories', initial: new Map(), load }, broadcast, logger)
  }

  /** Loads the repositories and follows their changes until `stop`. */
  start(): Promise<void> {
    return this.#repositories.start()
  }

  stop(): void {
    this.#repositories.stop()
  }

  find(key: string): StoredRepository | undefined {
    return this.#repositories.current.get(key)
  }

  /** By key. */
  all(): readonly StoredRepository[] {
    return [...this.#repositories.current.values()]
  }

  /** Calls back after every change that this replica sees. */
  onChange(listener: () => void): void {
    this.#repositories.onChange(listener)
  }

  /** @throws RegistryError CONFLICT when the key is taken, REQUEST_INVALID for members that can't be */
  async create(config: RepositoryConfig): Promise<StoredRepository> {
    await this.#repositories.reload()
    this.checkConfig(config)
    const stored = await this.store.create(config)
    await this.#repositories.changed(stored.config.key)
    return stored
  }

  /**
   * Reads, changes and stores; does so again when another replica was quicker.
   * @throws RegistryError NAME_UNKNOWN, or REQUEST_INVALID when the kind would change or members can't be
   */
  async update(
    key: string,
    change: (current: RepositoryConfig) => RepositoryConfig,
  ): Promise<StoredRepository> {
    for (let attempt = 1; ; attempt += 1) {
      await this.#repositories.reload()
      const current = this.find(key)
      if (current === undefined)
        throw new RegistryError('NAME_UNKNOWN', `there is no repository ${JSON.stringify(key)}`)
      const next = change(current.config)
      if (next.rclass !== current.config.rclass) {
        throw new RegistryError(
          'REQUEST_INVALID',
          `repository ${key} is ${current.config.rclass} and can't become ${next.rclass}: delete it and create it anew`,
        )
      }
      this.checkConfig(next)
      try {
        const stored = await this.store.update(next, current.revision)
        await this.#repositories.changed(stored.config.key)
        return stored
      } catch (error) {
        if (!(error instanceof RegistryError) || error.code !== 'CONFLICT' || attempt === 5) throw error
      }
    }
  }

  /**
   * @returns false when there was none
   * @throws RegistryError CONFLICT naming the virtual repositories that list it
   */
  async delete(key: RepositoryKey): Promise<boolean> {
    const deleted = await this.store.delete(key)
    if (deleted) await this.#repositories.changed(key)
    return deleted
  }

  private checkConfig(config: RepositoryConfig): void {
    if (config.rclass === 'virtual') checkMembers(config, (key) => this.find(key)?.config)
  }
}

function loadedAfter(before: ByKey, rows: readonly StoredRepository[]): ByKey {
  const isSame =
    before.size === rows.length &&
    rows.every((row) => {
      const old = before.get(row.config.key)
      return old?.id === row.id && old.revision === row.revision
    })
  return isSame ? before : new Map(rows.map((row) => [row.config.key, row]))
}
