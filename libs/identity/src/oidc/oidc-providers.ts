import { type Broadcast, Replicated } from '@entrepot/coordination'
import { type Clock, type Logger, RegistryError } from '@entrepot/kernel'
import { checkOidcMapping, checkOidcProvider } from './check-oidc-provider.js'
import { OidcConnection } from './oidc-connection.js'
import type { OidcProviderStore } from './oidc-provider-store.js'
import type { OidcMapping, OidcProvider, StoredOidcProvider } from './oidc-provider.js'

/** A provider as it is now, and the way to it. */
export interface ConnectedOidcProvider extends StoredOidcProvider {
  readonly connection: OidcConnection
}

type ByName = ReadonlyMap<string, ConnectedOidcProvider>

/** The configured OpenID providers with their mappings, in memory on every replica. */
export class OidcProviders {
  readonly #providers: Replicated<ByName>

  constructor(
    private readonly store: OidcProviderStore,
    broadcast: Broadcast,
    logger: Logger,
    clock: Clock,
  ) {
    const load = async (current: ByName) => loadedAfter(current, await store.list(), clock)
    this.#providers = new Replicated<ByName>(
      { name: 'oidc-providers', initial: new Map(), load },
      broadcast,
      logger,
    )
  }

  start(): Promise<void> {
    return this.#providers.start()
  }

  stop(): void {
    this.#providers.stop()
  }

  /** After changes that were stored by others than this class, such as a transaction over several stores. */
  takeOver(): Promise<void> {
    return this.#providers.changed('configuration')
  }

  find(name: string): ConnectedOidcProvider | undefined {
    return this.#providers.current.get(name)
  }

  /** By name. */
  all(): readonly ConnectedOidcProvider[] {
    return [...this.#providers.current.values()]
  }

  /** @throws RegistryError REQUEST_INVALID, CONFLICT when the name is taken */
  async create(provider: OidcProvider): Promise<void> {
    checkOidcProvider(provider)
    await this.store.create(provider)
    await this.#providers.changed(provider.name)
  }

  /** @throws RegistryError REQUEST_INVALID, NAME_UNKNOWN, CONFLICT when another changed it at the same time */
  async update(name: string, change: (current: OidcProvider) => OidcProvider): Promise<void> {
    await this.#providers.reload()
    const { provider, revision } = this.known(name)
    const changed = { ...change(provider), name }
    checkOidcProvider(changed)
    await this.store.update(changed, revision)
    await this.#providers.changed(name)
  }

  /** @returns false when there was none */
  async delete(name: string): Promise<boolean> {
    const deleted = await this.store.delete(name)
    await this.#providers.changed(name)
    return deleted
  }

  /** Creates or replaces. @throws RegistryError REQUEST_INVALID, NAME_UNKNOWN for an unknown provider */
  async putMapping(provider: string, mapping: OidcMapping): Promise<void> {
    checkOidcMapping(mapping)
    await this.store.putMapping(provider, mapping)
    await this.#providers.changed(provider)
  }

  /** @returns false when there was none */
  async deleteMapping(provider: string, name: string): Promise<boolean> {
    const deleted = await this.store.deleteMapping(provider, name)
    await this.#providers.changed(provider)
    return deleted
  }

  private known(name: string): ConnectedOidcProvider {
    const known = this.find(name)
    if (known !== undefined) return known
    throw new RegistryError(
      'NAME_UNKNOWN',
      `there is no OpenID provider ${JSON.stringify(name.slice(0, 160))}`,
    )
  }
}

/** A provider that has not changed keeps its connection, and with it the keys that were got. */
function loadedAfter(current: ByName, stored: readonly StoredOidcProvider[], clock: Clock): ByName {
  const isKnown = (entry: StoredOidcProvider) => textOf(entry) === textOf(current.get(entry.provider.name))
  if (stored.length === current.size && stored.every(isKnown)) return current
  return new Map(
    stored.map((entry) => {
      const { provider } = entry
      const known = current.get(provider.name)?.connection
      const isSame = JSON.stringify(known?.provider) === JSON.stringify(provider)
      return [
        provider.name,
        { ...entry, connection: known !== undefined && isSame ? known : new OidcConnection(provider, clock) },
      ]
    }),
  )
}

function textOf(entry: StoredOidcProvider | undefined): string {
  return JSON.stringify([entry?.provider, entry?.mappings, entry?.revision])
}
