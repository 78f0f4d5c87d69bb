/**
 * The values used last. Takes no memory before they come, for one is made with every change of a permission target;
 * lru-cache claims all of it at once.
 */
export class Recent<T extends object> {
  readonly #values = new Map<string, T>()

  constructor(private readonly maximum: number) {}

  /** @param make called when the value is not, or no longer, there */
  get(key: string, make: () => T): T {
    const known = this.#values.get(key)
    if (known !== undefined) this.#values.delete(key)
    const value = known ?? make()
    this.#values.set(key, value)
    if (this.#values.size > this.maximum) this.#dropOldest()
    return value
  }

  #dropOldest(): void {
    for (const key of this.#values.keys()) {
      this.#values.delete(key)
      return
    }
  }
}
