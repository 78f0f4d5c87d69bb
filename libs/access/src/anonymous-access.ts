import { type Broadcast, Replicated } from '@entrepot/coordination'
import type { Logger } from '@entrepot/kernel'
import type { SecuritySettingStore, StoredSetting } from './security-setting-store.js'

/** Its name among the settings. */
export const anonymousAccessSetting = 'anonymous'

/** The switch for access without a login, off until somebody puts it on. What is allowed then, permission targets say. */
export class AnonymousAccess {
  readonly #setting: Replicated<StoredSetting | undefined>

  constructor(
    private readonly store: SecuritySettingStore,
    broadcast: Broadcast,
    logger: Logger,
  ) {
    const load = async (current: StoredSetting | undefined) => {
      const loaded = await store.find(anonymousAccessSetting)
      return loaded?.revision === current?.revision ? current : loaded
    }
    this.#setting = new Replicated({ name: 'anonymous_access', initial: undefined, load }, broadcast, logger)
  }

  /** Loads the switch and follows its changes until `stop`. */
  start(): Promise<void> {
    return this.#setting.start()
  }

  stop(): void {
    this.#setting.stop()
  }

  get enabled(): boolean {
    return isAnonymousAccessEnabled(this.#setting.current)
  }

  /** After a change that was stored by others than this class, such as a transaction over several stores. */
  takeOver(): Promise<void> {
    return this.#setting.changed(anonymousAccessSetting)
  }

  async change(enabled: boolean): Promise<void> {
    await this.store.put(anonymousAccessSetting, { enabled })
    await this.#setting.changed(anonymousAccessSetting)
  }
}

/** @param setting as it is stored; undefined before anybody has touched the switch */
export function isAnonymousAccessEnabled(setting: StoredSetting | undefined): boolean {
  return setting?.value['enabled'] === true
}
