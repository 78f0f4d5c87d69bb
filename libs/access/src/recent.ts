/**
 * Values used of late: at least the last `maximum / 2`, at most `maximum`. A Map whose entries are taken out and put back
 * at each use gets slower with every use of the same one; here whole generations go. lru-cache claims all its memory at
 * once, and one of these is made with every change of a permission target.
 */
export class Recent<T extends object> {
  #young = new Map<string, T>()
  #old = new Map<string, T>()

  constructor(private readonly maximum: number) {}

  /** @param make called when the value is not, or no longer, there */
  get(key: string, make: () => T): T {
    const known = this.#young.get(key)
    if (known !== undefined) return known
    const value = this.#old.get(key) ?? make()
    if (this.#young.size >= this.maximum / 2) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(key, value)
    return value
  }
}
