import type { SecuritySettingStore, StoredSetting } from '../security-setting-store.js'

export class InMemorySecuritySettingStore implements SecuritySettingStore {
  readonly #rows = new Map<string, StoredSetting>()

  /** @returns what brings back what is here now */
  snapshot(): () => void {
    const before = [...this.#rows]
    return () => {
      this.#rows.clear()
      for (const [key, row] of before) this.#rows.set(key, row)
    }
  }

  async find(name: string): Promise<StoredSetting | undefined> {
    return this.#rows.get(name)
  }

  async put(name: string, value: StoredSetting['value']): Promise<StoredSetting> {
    const stored = { value, revision: (this.#rows.get(name)?.revision ?? 0) + 1 }
    this.#rows.set(name, stored)
    return stored
  }

  async replace(name: string, value: StoredSetting['value'], revision: number): Promise<boolean> {
    if ((this.#rows.get(name)?.revision ?? 0) !== revision) return false
    await this.put(name, value)
    return true
  }
}
