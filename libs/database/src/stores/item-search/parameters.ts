/** The values of a statement, in their order. What users write gets into SQL by this alone. */
export class Parameters {
  readonly values: unknown[] = []
  readonly #known = new Map<unknown, string>()

  /** @param type PostgreSQL's, so that the meaning of a value never depends on where it stands */
  add(
    value: string | number | Date | readonly unknown[] | null,
    type: 'text' | 'text[]' | 'int[]' | 'bigint' | 'timestamptz' | 'int',
  ): string {
    const key = typeof value === 'object' ? value : `${type} ${typeof value} ${value}`
    const known = this.#known.get(key)
    if (known !== undefined) return known
    this.values.push(value)
    const place = `$${this.values.length}::${type}`
    this.#known.set(key, place)
    return place
  }
}

/** For LIKE: `*` is any characters, `?` one, and nothing else means anything. */
export function likePattern(pattern: string): string {
  return pattern
    .replaceAll(/[\\%_]/g, '\\$&')
    .replaceAll('*', '%')
    .replaceAll('?', '_')
}

/** The same list each time, so that it is one parameter for all arms. */
const lists = new WeakMap<object, Map<string, unknown>>()

export function listOf<T extends object, V>(
  all: readonly T[],
  name: string,
  read: (one: T) => V,
): readonly V[] {
  const known = lists.get(all) ?? new Map<string, unknown>()
  lists.set(all, known)
  if (!known.has(name)) known.set(name, all.map(read))
  return known.get(name) as readonly V[]
}
