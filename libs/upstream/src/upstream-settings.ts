import type { ProxyRules } from './upstream-proxy.js'

/** How one remote repository reaches its registry. */
export interface UpstreamSettings {
  /** `https://registry-1.docker.io`: scheme, host, perhaps a port and a path; neither credentials nor a query. */
  readonly baseUrl: string
  /** With an empty one the upstream is asked anonymously. */
  readonly username: string
  readonly password: string
  /** How long connecting and waiting for an answer's headers may take together, for each hop. */
  readonly timeLimitMilliseconds: number
  /** How long a body may bring no byte while its reader wants one. */
  readonly idleLimitMilliseconds: number
  /** How long an upstream that is down is left alone; 0: it is asked every time. */
  readonly assumedOfflineMilliseconds: number
  /** Credentials may go to other hosts as well: to redirect targets and to any https token realm. */
  readonly allowAnyHostAuth: boolean
  readonly userAgent: string
  /** `a=1&b=2`, sent with every request to the registry, not to token realms and redirect targets. */
  readonly queryParams?: string
  /** Requests that may be under way at once, bodies included; 64 unless told. Further ones wait for their turn. */
  readonly maxConnections?: number
  /** The address of this machine that connections are made from; none when empty or left out. */
  readonly localAddress?: string
  /** What is between; without rules nothing is. */
  readonly proxies?: ProxyRules | undefined
  /** Certificates in PEM that are trusted besides the usual ones: those of a house's own authority. */
  readonly trustedCertificates?: string
}
