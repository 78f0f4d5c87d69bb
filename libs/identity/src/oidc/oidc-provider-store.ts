import type { OidcMapping, OidcProvider, StoredOidcProvider } from './oidc-provider.js'

export interface OidcProviderStore {
  /** All of them, by name. */
  list(): Promise<readonly StoredOidcProvider[]>
  /** @throws RegistryError CONFLICT when the name is taken */
  create(provider: OidcProvider): Promise<void>
  /** @throws RegistryError NAME_UNKNOWN when it is gone; CONFLICT when `revision` is no longer the stored one */
  update(provider: OidcProvider, revision: number): Promise<void>
  /** With its mappings, and the logins that are under way. @returns false when there was none */
  delete(name: string): Promise<boolean>
  /** Creates or replaces. @throws RegistryError NAME_UNKNOWN for an unknown provider */
  putMapping(provider: string, mapping: OidcMapping): Promise<void>
  /** @returns false when there was none */
  deleteMapping(provider: string, name: string): Promise<boolean>
}
