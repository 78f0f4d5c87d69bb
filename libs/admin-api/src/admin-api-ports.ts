import type { RequestAuthenticator } from '@entrepot/identity'
import type { ClientAddressOf, Logger } from '@entrepot/kernel'
import type { RepositoryDirectory } from '@entrepot/repositories'

/** What the admin API needs of the application. */
export interface AdminApiPorts {
  readonly repositories: RepositoryDirectory
  readonly authenticator: RequestAuthenticator
  readonly logger: Logger
  readonly clientAddressOf: ClientAddressOf
  /** `https://registry.example`, as clients reach this server; undefined: as the request at hand reached it. */
  readonly publicUrl: string | undefined
}

/** The injection token of the ports, for controllers. */
export const adminApiPorts = Symbol('AdminApiPorts')
