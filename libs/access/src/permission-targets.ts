import { type Broadcast, Replicated } from '@entrepot/coordination'
import { type Logger, RegistryError, Turns } from '@entrepot/kernel'
import { checkPermissionTarget } from './check-permission-target.js'
import { type Gone, withoutGone } from './gone.js'
import type { PermissionTarget, PermissionTargetStore, StoredPermissionTarget } from './permission-target.js'

interface Loaded {
  readonly version: string | undefined
  readonly byName: ReadonlyMap<string, StoredPermissionTarget>
}

/** Those of this replica take turns: what comes between is what other replicas change. */
const maximumAttempts = 20

/**
 * The permission targets, in memory: every request asks what they say. Changes go through here, are checked, stored, and
 * told to the other replicas.
 */
export class PermissionTargets {
  readonly #targets: Replicated<Loaded>
  readonly #turns = new Turns()

  constructor(
    private readonly store: PermissionTargetStore,
    broadcast: Broadcast,
    logger: Logger,
  ) {
    const initial: Loaded = { version: undefined, byName: new Map() }
    const load = (current: Loaded) => this.load(current)
    this.#targets = new Replicated({ name: 'permission_targets', initial, load }, broadcast, logger)
  }

  /** Loads the targets and follows their changes until `stop`. */
  start(): Promise<void> {
    return this.#targets.start()
  }

  stop(): void {
    this.#targets.stop()
  }

  /** Reads at once what other replicas have changed, for who has to know. */
  refresh(): Promise<void> {
    return this.#targets.reload()
  }

  find(name: string): StoredPermissionTarget | undefined {
    return this.#targets.current.byName.get(name)
  }

  /** By name. */
  all(): readonly StoredPermissionTarget[] {
    return [...this.#targets.current.byName.values()]
  }

  /** After changes that were stored by others than this class, such as a transaction over several stores. */
  takeOver(): Promise<void> {
    return this.#targets.changed('configuration')
  }

  /** Calls back after every change that this replica sees. */
  onChange(listener: () => void): void {
    this.#targets.onChange(listener)
  }

  /** @throws RegistryError CONFLICT when the name is taken, REQUEST_INVALID for what can't be a target */
  async create(target: PermissionTarget): Promise<StoredPermissionTarget> {
    checkPermissionTarget(target)
    const stored = await this.store.create(target)
    await this.#targets.changed(target.name)
    return stored
  }

  /**
   * Reads, changes and stores; does so again when another was quicker, so that `change` may be called several times. What
   * it gives back unchanged is not stored.
   * @throws RegistryError NAME_UNKNOWN; REQUEST_INVALID for what can't be a target or has another name; CONFLICT while
   *   others are quicker time after time
   */
  update(
    name: string,
    change: (current: PermissionTarget) => PermissionTarget,
  ): Promise<StoredPermissionTarget> {
    return this.#turns.take(name, () => this.updateInTurn(name, change))
  }

  private async updateInTurn(
    name: string,
    change: (current: PermissionTarget) => PermissionTarget,
  ): Promise<StoredPermissionTarget> {
    for (let attempt = 1; ; attempt += 1) {
      await this.#targets.reload()
      const current = this.find(name)
      if (current === undefined) {
        throw new RegistryError('NAME_UNKNOWN', `there is no permission target ${JSON.stringify(name)}`)
      }
      const next = change(current.target)
      if (next === current.target) return current
      requireSameName(current.target, next)
      checkPermissionTarget(next)
      try {
        const stored = await this.store.update(next, current.revision)
        await this.#targets.changed(name)
        return stored
      } catch (error) {
        const mayTryAgain = error instanceof RegistryError && error.code === 'CONFLICT'
        if (!mayTryAgain || attempt === maximumAttempts) throw error
      }
    }
  }

  /** @returns false when there was none */
  async delete(name: string): Promise<boolean> {
    const isDeleted = await this.store.delete(name)
    if (isDeleted) await this.#targets.changed(name)
    return isDeleted
  }

  /**
   * Takes what is gone out of all targets, so that its namesake, made later, inherits nothing. To be called by whoever
   * deletes it, after it is gone.
   */
  async forget(gone: Gone): Promise<void> {
    await this.#targets.reload()
    for (const { target } of this.all()) {
      if (withoutGone(target, gone) === target) continue
      try {
        await this.update(target.name, (current) => withoutGone(current, gone))
      } catch (error) {
        const isDeletedToo = error instanceof RegistryError && error.code === 'NAME_UNKNOWN'
        if (!isDeletedToo) throw error
      }
    }
  }

  /** The version is read first: a change between the two readings is found by the next reload. */
  private async load(current: Loaded): Promise<Loaded> {
    const version = await this.store.version()
    if (version === current.version) return current
    const rows = await this.store.list()
    return { version, byName: new Map(rows.map((row) => [row.target.name, row])) }
  }
}

function requireSameName(current: PermissionTarget, next: PermissionTarget): void {
  if (next.name === current.name) return
  throw new RegistryError(
    'REQUEST_INVALID',
    `permission target ${current.name} can't be renamed to ${JSON.stringify(next.name)}: create that one and delete this`,
  )
}
