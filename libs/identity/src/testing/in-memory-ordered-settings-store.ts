import { RegistryError } from '@entrepot/kernel'
import type { OrderedSettings, OrderedSettingsStore } from '../directories/ordered-settings-store.js'

export class InMemoryOrderedSettingsStore<T> implements OrderedSettingsStore<T> {
  #rows: readonly OrderedSettings<T>[] = []

  /** @returns what brings back what is here now */
  snapshot(): () => void {
    const before = this.#rows
    return () => {
      this.#rows = before
    }
  }

  async list(): Promise<readonly OrderedSettings<T>[]> {
    return this.#rows
  }

  async create(name: string, config: T): Promise<void> {
    if (this.#rows.some((row) => row.name === name))
      throw new RegistryError('CONFLICT', `there is a ${name} already`)
    this.#rows = [...this.#rows, { name, config: stored(config), revision: 1 }]
  }

  async update(name: string, config: T, revision: number): Promise<void> {
    const current = this.#rows.find((row) => row.name === name)
    if (current === undefined) throw new RegistryError('NAME_UNKNOWN', `there is no ${name}`)
    if (current.revision !== revision)
      throw new RegistryError('CONFLICT', `${name} is at revision ${current.revision}, not ${revision}`)
    const next = { name, config: stored(config), revision: revision + 1 }
    this.#rows = this.#rows.map((row) => (row.name === name ? next : row))
  }

  async delete(name: string): Promise<boolean> {
    const before = this.#rows.length
    this.#rows = this.#rows.filter((row) => row.name !== name)
    return this.#rows.length < before
  }

  async reorder(names: readonly string[]): Promise<void> {
    const there = this.#rows.map(({ name }) => name)
    if (there.toSorted().join('\n') !== names.toSorted().join('\n'))
      throw new RegistryError('CONFLICT', `the order must name each of ${there.join(', ')} once`)
    this.#rows = names.flatMap((name) => this.#rows.filter((row) => row.name === name))
  }
}

/** As a database gives it back: what is undefined is absent. */
function stored<T>(config: T): T {
  return JSON.parse(JSON.stringify(config)) as T
}
