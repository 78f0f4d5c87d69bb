import { byCodePoint, RegistryError } from '@entrepot/kernel'
import type { PermissionTarget, PermissionTargetStore, StoredPermissionTarget } from '../permission-target.js'

export class InMemoryPermissionTargetStore implements PermissionTargetStore {
  readonly #rows = new Map<string, StoredPermissionTarget>()
  #lastRevision = 0

  /** @returns what brings back what is here now */
  snapshot(): () => void {
    const before = [...this.#rows]
    return () => {
      this.#rows.clear()
      for (const [key, row] of before) this.#rows.set(key, row)
    }
  }

  async version(): Promise<string> {
    return [...this.#rows.values()].map(({ revision }) => revision).join(' ')
  }

  async list(): Promise<readonly StoredPermissionTarget[]> {
    return [...this.#rows.values()].sort((left, right) => byCodePoint(left.target.name, right.target.name))
  }

  async create(target: PermissionTarget): Promise<StoredPermissionTarget> {
    if (this.#rows.has(target.name)) {
      throw new RegistryError('CONFLICT', `there is a permission target ${target.name} already`)
    }
    return this.#keep(target)
  }

  async update(target: PermissionTarget, revision: number): Promise<StoredPermissionTarget> {
    const current = this.#rows.get(target.name)
    if (current === undefined) {
      throw new RegistryError('NAME_UNKNOWN', `there is no permission target ${target.name}`)
    }
    if (current.revision !== revision) {
      throw new RegistryError(
        'CONFLICT',
        `permission target ${target.name} is at revision ${current.revision}, not ${revision}`,
      )
    }
    return this.#keep(target)
  }

  async delete(name: string): Promise<boolean> {
    return this.#rows.delete(name)
  }

  #keep(target: PermissionTarget): StoredPermissionTarget {
    this.#lastRevision += 1
    const stored = { target, revision: this.#lastRevision }
    this.#rows.set(target.name, stored)
    return stored
  }
}
