export interface StoredSetting {
  readonly value: Readonly<Record<string, unknown>>
  /** Grows with every change. */
  readonly revision: number
}

/** Settings for the whole installation, each a small document. */
export interface SecuritySettingStore {
  find(name: string): Promise<StoredSetting | undefined>
  put(name: string, value: StoredSetting['value']): Promise<StoredSetting>
  /**
   * Puts the value in place of the one of `revision`, which is 0 for none.
   * @returns false when it has changed meanwhile
   */
  replace(name: string, value: StoredSetting['value'], revision: number): Promise<boolean>
}
