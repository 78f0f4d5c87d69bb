declare const repositoryKeyBrand: unique symbol
declare const repositoryIdBrand: unique symbol

/** The key in the client's URLs: what Artifactory calls the repository key. */
export type RepositoryKey = string & { readonly [repositoryKeyBrand]: true }

/** The database's id: a repository deleted and made anew under the same key gets another one. */
export type RepositoryId = number & { readonly [repositoryIdBrand]: true }

export type RepositoryKind = 'local' | 'remote' | 'virtual'

/** What every kind has. Names and defaults are Artifactory's. */
interface CommonConfig {
  readonly key: RepositoryKey
  readonly packageType: 'docker'
  readonly description: string
  readonly notes: string
  /** Comma-separated Ant patterns over `image/reference`. */
  readonly includesPattern: string
  readonly excludesPattern: string
  /** Asked before the members of a virtual that don't have it; they answer only when no such member has the image. */
  readonly priorityResolution: boolean
  /** Out of service: nothing is read from it or written to it. */
  readonly blackedOut: boolean
  /**
   * Fields of Artifactory's contract that are kept and shown but have no effect, so that what was PUT is what GET gives.
   */
  readonly extra: Readonly<Record<string, unknown>>
}

export interface LocalConfig extends CommonConfig {
  readonly rclass: 'local'
  /** True or false, a schema 1 manifest is never taken: no client in use makes any. */
  readonly blockPushingSchema1: boolean
  /** How many tags an image may have; when a push exceeds it, those go that were moved the longest ago. 0: any number. */
  readonly maxUniqueTags: number
  /** Above 1: of what each tag pointed to before, so many manifests stay, by digest. Else all of them. */
  readonly dockerTagRetention: number
}

export interface RemoteConfig extends CommonConfig {
  readonly rclass: 'remote'
  /** `https://registry-1.docker.io`: scheme, host, perhaps a path; never with credentials in it. */
  readonly url: string
  readonly username: string
  readonly password: string
  /** How long a tag is served without asking the upstream. */
  readonly retrievalCachePeriodSecs: number
  /** How long a "not there" of the upstream is believed. */
  readonly missedRetrievalCachePeriodSecs: number
  /** How long an upstream that failed is left alone. */
  readonly assumedOfflinePeriodSecs: number
  /** How long an answer's headers may take. */
  readonly metadataRetrievalTimeoutSecs: number
  /** How long a connection may be silent, in milliseconds. */
  readonly socketTimeoutMillis: number
  /** Never ask the upstream; the cache is all there is. */
  readonly offline: boolean
  /** Ask with GET where HEAD would do. */
  readonly bypassHeadRequests: boolean
  /** Credentials may go to other hosts as well. */
  readonly allowAnyHostAuth: boolean
  /** The key of the proxy that the upstream is reached through; empty: the default one's. */
  readonly proxy: string
  /** No proxy is between, the default one neither. */
  readonly disableProxy: boolean
  /** `a=1&b=2`, sent with every request to the registry; may be a credential. */
  readonly queryParams: string
  /** No virtual repository passes over a failure of the upstream. */
  readonly hardFail: boolean
  /** Web pages where content was asked for, such as that of a login, are refused before anything of them is read. */
  readonly blockMismatchingMimeTypes: boolean
  /** Comma-separated media types that are let through all the same. */
  readonly mismatchingMimeTypesOverrideList: string
  /** False: what is fetched goes to who asked for it, verified, and is not kept. */
  readonly storeArtifactsLocally: boolean
  /** Layers that lie elsewhere are fetched there, where the address matches one of the patterns, and cached. */
  readonly externalDependenciesEnabled: boolean
  /** Ant patterns over `host/path` and `https:/host/path`; undefined: `**`. */
  readonly externalDependenciesPatterns: readonly string[] | undefined
  /** The address of this machine that connections are made from, as IPv4 or IPv6; empty: whichever the system takes. */
  readonly localAddress: string
}

export interface VirtualConfig extends CommonConfig {
  readonly rclass: 'virtual'
  readonly repositories: readonly RepositoryKey[]
  readonly defaultDeploymentRepo: RepositoryKey | undefined
  /** Of the members that have a tag, not the first answers but the one that set or moved it last. */
  readonly resolveDockerTagsByTimestamp: boolean
}

export type RepositoryConfig = LocalConfig | RemoteConfig | VirtualConfig

/** A config as it is stored. */
export interface StoredRepository {
  readonly id: RepositoryId
  readonly config: RepositoryConfig
  /** Grows with every change of this repository. */
  readonly revision: number
}
