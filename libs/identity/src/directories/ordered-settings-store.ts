/** Settings that are asked in an order of the administrator's. */
export interface OrderedSettings<T> {
  readonly name: string
  readonly config: T
  /** Grows with every change. */
  readonly revision: number
}

export interface OrderedSettingsStore<T> {
  /** In their order. */
  list(): Promise<readonly OrderedSettings<T>[]>
  /** At the end. @throws RegistryError CONFLICT when the name is taken */
  create(name: string, config: T): Promise<void>
  /** @throws RegistryError NAME_UNKNOWN, CONFLICT when the stored revision is another */
  update(name: string, config: T, revision: number): Promise<void>
  /** @returns false when there was none */
  delete(name: string): Promise<boolean>
  /** @throws RegistryError CONFLICT when these are not exactly the names that are there */
  reorder(names: readonly string[]): Promise<void>
}
