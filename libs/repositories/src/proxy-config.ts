/** A proxy between this server and the upstreams of remote repositories. Names are Artifactory's. */
export interface ProxyConfig {
  readonly key: string
  readonly host: string
  readonly port: number
  readonly username: string
  readonly password: string
  /** Kept and shown; NTLM is not spoken. */
  readonly ntHost: string
  readonly domain: string
  /** For all remotes that name none, and don't go without. */
  readonly platformDefault: boolean
  /** Hosts that it sends clients on to, and that get its credentials as well. */
  readonly redirectedToHosts: readonly string[]
  /** The services of JFrog's platform that it is the default of: `jfrt` is this one. */
  readonly services: readonly string[]
}

export interface StoredProxy {
  readonly config: ProxyConfig
  /** Grows with every change. */
  readonly revision: number
}

export interface ProxyChange {
  readonly key: string
  /** Undefined: it goes. */
  readonly config: ProxyConfig | undefined
  /** The one that was read; 0 for one that was not there. */
  readonly revision: number
}

export interface ProxyStore {
  /** By key. */
  list(): Promise<readonly StoredProxy[]>
  /** All or none. @throws RegistryError CONFLICT when one of them was changed since it was read */
  apply(changes: readonly ProxyChange[]): Promise<void>
}
