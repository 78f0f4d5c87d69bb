import { isDeepStrictEqual } from 'node:util'
import { type Broadcast, Replicated } from '@entrepot/coordination'
import { type Clock, type Logger, RegistryError, Turns } from '@entrepot/kernel'
import { checkDirectoryGroupSettings, checkDirectorySettings } from './check-directory-settings.js'
import { changedDirectorySettings, type DirectorySettingsFields } from './default-directory-settings.js'
import { addressOf, type DirectoryObserver, type ObservedDirectory } from './directory-observer.js'
import { serversOf } from './directory-server.js'
import type { DirectoryGroupSettings, DirectorySettings } from './directory-settings.js'
import { LdapDirectory } from './ldap-directory.js'
import type { OrderedSettings, OrderedSettingsStore } from './ordered-settings-store.js'
import type { UserDirectories } from './user-directory.js'

/** Those of this replica take turns: what comes between is what other replicas change. */
const maximumAttempts = 20

export interface DirectoryStores {
  readonly directories: OrderedSettingsStore<DirectorySettings>
  readonly groups: OrderedSettingsStore<DirectoryGroupSettings>
}

interface Loaded {
  readonly directories: readonly OrderedSettings<DirectorySettings>[]
  readonly groups: readonly OrderedSettings<DirectoryGroupSettings>[]
  readonly ldap: readonly LdapDirectory[]
}

/**
 * The directories and their group settings, kept in memory on every replica. Changes go through here, are checked,
 * stored, and told to the other replicas. What is read here holds managers' passwords: they are for no answer.
 */
export class ConfiguredDirectories implements UserDirectories {
  readonly #loaded: Replicated<Loaded>
  readonly #turns = new Turns()

  constructor(
    private readonly stores: DirectoryStores,
    broadcast: Broadcast,
    private readonly clock: Clock,
    private readonly logger: Logger,
    private readonly observer: DirectoryObserver,
  ) {
    const initial: Loaded = { directories: [], groups: [], ldap: [] }
    const load = (current: Loaded) => this.load(current)
    this.#loaded = new Replicated({ name: 'directories', initial, load }, broadcast, logger)
    this.#loaded.onChange(() => observer.onDirectories(this.all().map(observedOf)))
  }

  /** Loads the settings and follows their changes until `stop`. */
  start(): Promise<void> {
    return this.#loaded.start()
  }

  stop(): void {
    this.#loaded.stop()
  }

  /** Reads at once what other replicas have changed, for who has to know. */
  refresh(): Promise<void> {
    return this.#loaded.reload()
  }

  /** After changes that were stored by others than this class, such as a transaction over several stores. */
  takeOver(): Promise<void> {
    return this.#loaded.changed('configuration')
  }

  all(): readonly LdapDirectory[] {
    return this.#loaded.current.ldap.filter(({ settings }) => settings.enabled)
  }

  /** In their order, those that are switched off too. */
  settings(): readonly DirectorySettings[] {
    return this.#loaded.current.directories.map(({ config }) => config)
  }

  groupSettings(): readonly DirectoryGroupSettings[] {
    return this.#loaded.current.groups.map(({ config }) => config)
  }

  /** Also one that is switched off. */
  find(key: string): LdapDirectory | undefined {
    return this.#loaded.current.ldap.find((directory) => directory.key === key)
  }

  /** @throws RegistryError REQUEST_INVALID for settings that can't work, CONFLICT when the key is taken */
  async create(settings: DirectorySettings): Promise<void> {
    checkDirectorySettings(settings)
    await this.stores.directories.create(settings.key, settings)
    await this.#loaded.changed(settings.key)
  }

  /**
   * What is absent stays, the manager's password too.
   * @throws RegistryError NAME_UNKNOWN, REQUEST_INVALID
   */
  async update(key: string, fields: DirectorySettingsFields): Promise<void> {
    await this.change('directory', this.stores.directories, key, (current) => {
      const next = changedDirectorySettings(current, fields)
      checkDirectorySettings(next)
      return next
    })
  }

  /** Its group settings stay, and mean nothing till there is a directory of that key again. @returns false when there was none */
  async delete(key: string): Promise<boolean> {
    return this.told(key, await this.stores.directories.delete(key))
  }

  /** @param keys all of them. @throws RegistryError CONFLICT when others are there meanwhile */
  async reorder(keys: readonly string[]): Promise<void> {
    await this.stores.directories.reorder(keys)
    await this.#loaded.changed('order')
  }

  /** @throws RegistryError REQUEST_INVALID, CONFLICT when the name is taken */
  async createGroupSettings(settings: DirectoryGroupSettings): Promise<void> {
    await this.checkGroupSettings(settings)
    await this.stores.groups.create(settings.name, settings)
    await this.#loaded.changed(settings.name)
  }

  /** What is absent stays. @throws RegistryError NAME_UNKNOWN, REQUEST_INVALID */
  async updateGroupSettings(name: string, fields: Partial<DirectoryGroupSettings>): Promise<void> {
    await this.change('LDAP group setting', this.stores.groups, name, async (current) => {
      const next = { ...current, ...fields, name: current.name }
      await this.checkGroupSettings(next)
      return next
    })
  }

  /** @returns false when there was none */
  async deleteGroupSettings(name: string): Promise<boolean> {
    return this.told(name, await this.stores.groups.delete(name))
  }

  private async told(subject: string, isChanged: boolean): Promise<boolean> {
    if (isChanged) await this.#loaded.changed(subject)
    return isChanged
  }

  private async checkGroupSettings(settings: DirectoryGroupSettings): Promise<void> {
    checkDirectoryGroupSettings(settings)
    if (settings.enabledLdap === '') return
    await this.#loaded.reload()
    if (this.find(settings.enabledLdap) !== undefined) return
    const known = this.settings().map(({ key }) => key)
    throw new RegistryError(
      'REQUEST_INVALID',
      `enabled_ldap is ${JSON.stringify(settings.enabledLdap)}, and must be the key of a directory (${known.join(', ')}) or empty`,
      { detail: { field: 'enabled_ldap' } },
    )
  }

  /** Reads, changes and stores; does so again when another replica was quicker. */
  private change<T>(
    kind: string,
    store: OrderedSettingsStore<T>,
    name: string,
    next: (current: T) => T | Promise<T>,
  ): Promise<void> {
    return this.#turns.take(`${kind} ${name}`, () => this.changeInTurn(kind, store, name, next))
  }

  private async changeInTurn<T>(
    kind: string,
    store: OrderedSettingsStore<T>,
    name: string,
    next: (current: T) => T | Promise<T>,
  ): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      const current = (await store.list()).find((one) => one.name === name)
      if (current === undefined)
        throw new RegistryError('NAME_UNKNOWN', `there is no ${kind} ${JSON.stringify(name)}`)
      try {
        await store.update(name, await next(current.config), current.revision)
        await this.#loaded.changed(name)
        return
      } catch (error) {
        if (!(error instanceof RegistryError) || error.code !== 'CONFLICT' || attempt === maximumAttempts) {
          throw error
        }
      }
    }
  }

  private async load(current: Loaded): Promise<Loaded> {
    const [directories, groups] = await Promise.all([
      this.stores.directories.list(),
      this.stores.groups.list(),
    ])
    if (isDeepStrictEqual(directories, current.directories) && isDeepStrictEqual(groups, current.groups))
      return current
    return {
      directories,
      groups,
      ldap: directories.map(({ config }) => this.directoryOf(config, groups, current)),
    }
  }

  /** The same as before where nothing has changed: it knows which of its servers are down. */
  private directoryOf(
    settings: DirectorySettings,
    groups: readonly OrderedSettings<DirectoryGroupSettings>[],
    before: Loaded,
  ): LdapDirectory {
    const own = groups.map(({ config }) => config).filter(({ enabledLdap }) => enabledLdap === settings.key)
    const old = before.ldap.find(({ key }) => key === settings.key)
    return old !== undefined &&
      isDeepStrictEqual(old.settings, settings) &&
      isDeepStrictEqual(old.groupSettings, own)
      ? old
      : new LdapDirectory(settings, own, this.clock, this.logger, this.observer)
  }
}

function observedOf({ settings }: LdapDirectory): ObservedDirectory {
  return { key: settings.key, servers: serversOf(settings).map(addressOf) }
}
