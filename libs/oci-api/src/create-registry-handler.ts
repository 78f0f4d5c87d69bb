import type { AccessPolicy } from '@entrepot/access'
import type { TokenService } from '@entrepot/identity'
import type { OciRepositoryDirectory } from '@entrepot/oci-repository'
import { BlobDownloads } from './blobs.js'
import { BufferPool } from './buffer-pool.js'
import { Catalog } from './catalog.js'
import { PublicLocation } from './client-location.js'
import { Gate } from './gate.js'
import { type HandlerRuntime, RegistryHandler } from './handler.js'
import { ManifestPushes } from './manifests.js'
import { MountSources } from './mount-sources.js'
import { Rights } from './rights.js'
import { RouteTable } from './route.js'
import { routesOf } from './routes.js'
import { ScopeGrants } from './scope-grants.js'
import type { RegistryApiSettings } from './settings.js'
import { type TokenCredentials, TokenEndpoint } from './token.js'
import { BlobUploads } from './uploads.js'

export interface RegistryHandlerOptions {
  readonly directory: OciRepositoryDirectory
  readonly policy: AccessPolicy
  readonly tokens: TokenService
  readonly credentials: TokenCredentials
  readonly settings: RegistryApiSettings
  readonly runtime: HandlerRuntime
}

/** @throws Error for a public URL that is none */
export function createRegistryHandler(options: RegistryHandlerOptions): RegistryHandler {
  const { directory, settings, credentials, runtime } = options
  const { stallTimeoutMilliseconds, service } = settings
  const server = new PublicLocation(settings)
  const { rules } = server
  const rights = new Rights(options.policy)
  const gate = new Gate(credentials.requestAuthenticator, rights, service)
  const grants = new ScopeGrants(directory, rights, rules)
  const pool = new BufferPool(settings.transferMemoryBytes)
  const routes = routesOf({
    token: new TokenEndpoint(options.tokens, credentials, grants, { service, stallTimeoutMilliseconds }),
    catalog: new Catalog(directory, rules, rights),
    manifestPushes: new ManifestPushes(stallTimeoutMilliseconds),
    blobDownloads: new BlobDownloads(pool, stallTimeoutMilliseconds),
    blobUploads: new BlobUploads(new MountSources(directory, rules, gate, rights), stallTimeoutMilliseconds),
  })
  return new RegistryHandler(new RouteTable(routes), directory, { gate, rights }, server, runtime)
}
