import type { Broadcast } from '@entrepot/coordination'
import { type Logger, RegistryError } from '@entrepot/kernel'
import type { RepositoryConfig, RepositoryKey, StoredRepository } from './repository-config.js'
import type { RepositoryStore } from './repository-store.js'
import { checkMembers } from './virtual-members.js'

const changeChannel = 'repositories'

/** A replica that missed a hint finds the change after this many milliseconds. */
const reloadPeriodMilliseconds = 1000

/**
 * The configured repositories, in memory: every request asks for one. Changes go through here, are checked, stored, and
 * told to the other replicas.
 */
export class RepositoryDirectory {
  #byKey: ReadonlyMap<string, StoredRepository> = new Map()
  #listeners: (() => void)[] = []
  /** The reload that runs, and the one that begins after it. */
  #loading: Promise<void> = Promise.resolve()
  #next: Promise<void> | undefined
  #stop: (() => void) | undefined

  constructor(
    private readonly store: RepositoryStore,
    private readonly broadcast: Broadcast,
    private readonly logger: Logger,
  ) {}

  /** Loads the repositories and follows their changes until `stop`. */
  async start(): Promise<void> {
    await this.reload()
    const reloadOrWarn = () => {
      this.reload().catch((error: unknown) =>
        this.logger.warn({ err: error }, 'repositories could not be reloaded'),
      )
    }
    const unsubscribe = this.broadcast.subscribe(changeChannel, reloadOrWarn)
    const timer = setInterval(reloadOrWarn, reloadPeriodMilliseconds)
    timer.unref()
    this.#stop = () => {
      clearInterval(timer)
      unsubscribe()
    }
  }

  stop(): void {
    this.#stop?.()
    this.#stop = undefined
  }

  find(key: string): StoredRepository | undefined {
    return this.#byKey.get(key)
  }

  /** By key. */
  all(): readonly StoredRepository[] {
    return [...this.#byKey.values()]
  }

  /** Calls back after every change that this replica sees. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener)
  }

  /** @throws RegistryError CONFLICT when the key is taken, REQUEST_INVALID for members that can't be */
  async create(config: RepositoryConfig): Promise<StoredRepository> {
    await this.reload()
    this.checkConfig(config)
    const stored = await this.store.create(config)
    await this.changed(stored.config.key)
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
      await this.reload()
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
        await this.changed(stored.config.key)
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
    if (deleted) await this.changed(key)
    return deleted
  }

  private checkConfig(config: RepositoryConfig): void {
    if (config.rclass === 'virtual') checkMembers(config, (key) => this.find(key)?.config)
  }

  private async changed(key: RepositoryKey): Promise<void> {
    await this.reload()
    try {
      await this.broadcast.publish(changeChannel, key)
    } catch (error) {
      this.logger.warn(
        { err: error, repository: key },
        'other replicas learn of this change by their periodic reload only',
      )
    }
  }

  /** Who asks while a reload runs waits for the next, which sees their write, and which is one for all who ask till then. */
  private reload(): Promise<void> {
    this.#next ??= this.#loading
      .catch(() => undefined)
      .then(() => {
        this.#next = undefined
        return this.load()
      })
    this.#loading = this.#next
    return this.#next
  }

  private async load(): Promise<void> {
    const before = this.#byKey
    const rows = await this.store.list()
    const after = new Map(rows.map((row) => [row.config.key as string, row]))
    const same =
      before.size === after.size &&
      rows.every((row) => {
        const old = before.get(row.config.key)
        return old?.id === row.id && old.revision === row.revision
      })
    if (same) return
    this.#byKey = after
    for (const listener of this.#listeners) listener()
  }
}
