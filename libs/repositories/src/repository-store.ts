import type { RepositoryConfig, RepositoryKey, StoredRepository } from './repository-config.js'

export interface RepositoryStore {
  /** All of them, by key. */
  list(): Promise<readonly StoredRepository[]>
  /** @throws RegistryError CONFLICT when the key is taken */
  create(config: RepositoryConfig): Promise<StoredRepository>
  /** @throws RegistryError NAME_UNKNOWN when it is gone; CONFLICT when `revision` is no longer the stored one */
  update(config: RepositoryConfig, revision: number): Promise<StoredRepository>
  /**
   * Deletes the repository, its content's links and its cached references; the bytes go later.
   * @returns false when there was none
   * @throws RegistryError CONFLICT naming the virtual repositories that list it
   */
  delete(key: RepositoryKey): Promise<boolean>
}
