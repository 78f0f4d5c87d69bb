import type { RepositoryConfig, RepositoryKey, StoredRepository } from './repository-config.js'

/** A repository to be made, or, with the revision that was read, to be changed. */
export interface RepositoryChange {
  readonly config: RepositoryConfig
  readonly revision: number | undefined
}

export interface RepositoryStore {
  /** All of them, by key. */
  list(): Promise<readonly StoredRepository[]>
  /** @throws RegistryError CONFLICT when the key is taken */
  create(config: RepositoryConfig): Promise<StoredRepository>
  /** @throws RegistryError NAME_UNKNOWN when it is gone; CONFLICT when `revision` is no longer the stored one */
  update(config: RepositoryConfig, revision: number): Promise<StoredRepository>
  /**
   * Creates and updates, all of them or none. No two changes are of the same key; a virtual may list what comes with it.
   * @returns in the order of the changes
   * @throws RegistryError as `create` and `update`
   */
  apply(changes: readonly RepositoryChange[]): Promise<readonly StoredRepository[]>
  /**
   * Deletes the repository, its content's links and its cached references; the bytes go later.
   * @returns false when there was none
   * @throws RegistryError CONFLICT naming the virtual repositories that list it
   */
  delete(key: RepositoryKey): Promise<boolean>
}
