import { type Broadcast, Replicated } from '@entrepot/coordination'
import { type Logger, RegistryError, Turns } from '@entrepot/kernel'
import { completed } from './completed-config.js'
import type { RepositoryConfig, RepositoryKey, StoredRepository } from './repository-config.js'
import type { RepositoryChange, RepositoryStore } from './repository-store.js'
import { checkMembers } from './virtual-members.js'

/** Makes the next configuration of the current one; may be called again when another change came between. */
export type ConfigChange = (current: RepositoryConfig) => RepositoryConfig

interface Update {
  readonly key: string
  readonly change: ConfigChange
}

/** Those of this replica take turns: what comes between is what other replicas change. */
const maximumAttempts = 20

type ByKey = ReadonlyMap<string, StoredRepository>

/**
 * The configured repositories, in memory: every request asks for one. Changes go through here, are checked, stored, and
 * told to the other replicas.
 */
export class RepositoryDirectory {
  readonly #repositories: Replicated<ByKey>
  readonly #turns = new Turns()

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

  /** Reads at once what other replicas have changed, for who has to know. */
  refresh(): Promise<void> {
    return this.#repositories.reload()
  }

  find(key: string): StoredRepository | undefined {
    return this.#repositories.current.get(key)
  }

  /** By key. */
  all(): readonly StoredRepository[] {
    return [...this.#repositories.current.values()]
  }

  /** After changes that were stored by others than this class, such as a transaction over several stores. */
  takeOver(): Promise<void> {
    return this.#repositories.changed('configuration')
  }

  /** Calls back after every change that this replica sees. */
  onChange(listener: () => void): void {
    this.#repositories.onChange(listener)
  }

  /** @throws RegistryError CONFLICT when the key is taken, REQUEST_INVALID for members that can't be */
  async create(config: RepositoryConfig): Promise<StoredRepository> {
    return onlyOne(await this.createAll([config]))
  }

  /**
   * All of them or none; a virtual may list what is made with it.
   * @throws RegistryError as `create`; REQUEST_INVALID for a key that comes twice
   */
  async createAll(configs: readonly RepositoryConfig[]): Promise<readonly StoredRepository[]> {
    await this.#repositories.reload()
    this.checkConfigs(configs)
    return this.apply(configs.map((config) => ({ config, revision: undefined })))
  }

  /**
   * Reads, changes and stores; does so again when another replica was quicker.
   * @throws RegistryError NAME_UNKNOWN, or REQUEST_INVALID when the kind would change or members can't be
   */
  async update(key: string, change: ConfigChange): Promise<StoredRepository> {
    return onlyOne(await this.updateAll([{ key, change }]))
  }

  /** All of them or none. @throws RegistryError as `update`; REQUEST_INVALID for a key that comes twice */
  updateAll(updates: readonly Update[]): Promise<readonly StoredRepository[]> {
    const keys = updates.map(({ key }) => key)
    return this.#turns.takeAll(keys, () => this.updateInTurn(updates))
  }

  private async updateInTurn(updates: readonly Update[]): Promise<readonly StoredRepository[]> {
    for (let attempt = 1; ; attempt += 1) {
      await this.#repositories.reload()
      const changes = updates.map(({ key, change }) => this.changed(key, change))
      this.checkConfigs(changes.map(({ config }) => config))
      try {
        return await this.apply(changes)
      } catch (error) {
        if (!(error instanceof RegistryError) || error.code !== 'CONFLICT' || attempt === maximumAttempts) {
          throw error
        }
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

  private async apply(changes: readonly RepositoryChange[]): Promise<readonly StoredRepository[]> {
    const stored = await this.store.apply(changes)
    const [first] = stored
    // A hint to read again: one is enough for all of them.
    if (first !== undefined) await this.#repositories.changed(first.config.key)
    return stored
  }

  private changed(key: string, change: ConfigChange): RepositoryChange {
    const current = this.find(key)
    if (current === undefined)
      throw new RegistryError('NAME_UNKNOWN', `there is no repository ${JSON.stringify(key)}`)
    const config = change(current.config)
    if (config.rclass !== current.config.rclass) {
      throw new RegistryError(
        'REQUEST_INVALID',
        `repository ${key} is ${current.config.rclass} and can't become ${config.rclass}: delete it and create it anew`,
      )
    }
    return { config, revision: current.revision }
  }

  private checkConfigs(configs: readonly RepositoryConfig[]): void {
    const coming = new Map(configs.map((config) => [config.key, config]))
    const counted = new Set<RepositoryKey>()
    for (const { key } of configs) {
      if (counted.has(key))
        throw new RegistryError('REQUEST_INVALID', `repository ${key} is given more than once`)
      counted.add(key)
    }
    for (const config of configs) {
      if (config.rclass !== 'virtual') continue
      checkMembers(config, (key) => coming.get(key) ?? this.find(key)?.config)
    }
  }
}

function onlyOne(rows: readonly StoredRepository[]): StoredRepository {
  const [row] = rows
  if (row === undefined) throw new Error('a repository that was stored is not in the answer')
  return row
}

function loadedAfter(before: ByKey, rows: readonly StoredRepository[]): ByKey {
  const isSame =
    before.size === rows.length &&
    rows.every((row) => {
      const old = before.get(row.config.key)
      return old?.id === row.id && old.revision === row.revision
    })
  return isSame ? before : new Map(rows.map((row) => [row.config.key, completed(row)]))
}
