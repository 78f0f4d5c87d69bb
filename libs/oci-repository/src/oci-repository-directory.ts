import type { RepositoryKey } from '@entrepot/repositories'
import type { OciRepository } from './oci-repository.js'

/** The repositories as they are now; a change of configuration shows in the next answer. */
export interface OciRepositoryDirectory {
  find(key: string): OciRepository | undefined
  /** By key. */
  all(): readonly OciRepository[]
  /** The remote repository of a registry by the name clients know it by: `docker.io` for https://registry-1.docker.io. */
  remoteOf(registryHost: string): RepositoryKey | undefined
}
