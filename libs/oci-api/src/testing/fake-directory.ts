import { byCodePoint } from '@entrepot/kernel'
import type { OciRepository, OciRepositoryDirectory } from '@entrepot/oci-repository'
import type { RepositoryKey } from '@entrepot/repositories'

export class FakeDirectory implements OciRepositoryDirectory {
  readonly #byKey = new Map<string, OciRepository>()
  readonly #byHost = new Map<string, RepositoryKey>()

  constructor(...repositories: readonly OciRepository[]) {
    for (const repository of repositories) this.add(repository)
  }

  add(repository: OciRepository, registryHost?: string): void {
    this.#byKey.set(repository.key, repository)
    if (registryHost !== undefined) this.#byHost.set(registryHost, repository.key)
  }

  find(key: string): OciRepository | undefined {
    return this.#byKey.get(key)
  }

  all(): readonly OciRepository[] {
    return [...this.#byKey.values()].sort((left, right) => byCodePoint(left.key, right.key))
  }

  remoteOf(registryHost: string): RepositoryKey | undefined {
    return this.#byHost.get(registryHost)
  }
}
