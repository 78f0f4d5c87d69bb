import { isExcepted } from './no-proxy.js'
import { UpstreamError } from './upstream-error.js'

/** An HTTP proxy: asked in plain HTTP; https goes through it in a tunnel that it can't look into. */
export interface UpstreamProxy {
  /** What it is called in messages. */
  readonly name: string
  readonly host: string
  readonly port: number
  /** With an empty one nothing is proved to it. */
  readonly username: string
  readonly password: string
  /** Hosts that a redirect may lead to and that get the proxy's credentials as well: its login page. In lower case. */
  readonly redirectedToHosts: readonly string[]
}

/** What goes through which proxy on its way to an upstream. */
export interface ProxyRules {
  readonly http: UpstreamProxy | undefined
  readonly https: UpstreamProxy | undefined
  /** What goes there directly, as `NO_PROXY` has it, and this machine then too; undefined: nothing does. */
  readonly except: string | undefined
  /** The repository names a proxy, and there is none of that name: nothing may go anywhere. */
  readonly missing: string | undefined
}

/** Everything goes through this proxy. */
export function alwaysThrough(proxy: UpstreamProxy): ProxyRules {
  return { http: proxy, https: proxy, except: undefined, missing: undefined }
}

/** A proxy that is not there: what was meant to go through it goes nowhere. */
export function throughMissing(name: string): ProxyRules {
  return { http: undefined, https: undefined, except: undefined, missing: name }
}

/** @throws UpstreamError UPSTREAM_FAILED where the proxy is missing */
export function proxyFor(rules: ProxyRules | undefined, url: URL): UpstreamProxy | undefined {
  if (rules === undefined) return undefined
  if (rules.missing !== undefined) {
    throw new UpstreamError(
      'UPSTREAM_FAILED',
      `the repository names the proxy ${JSON.stringify(rules.missing)}, which there is not: create it, or change the repository`,
      'alive',
    )
  }
  const proxy = url.protocol === 'https:' ? rules.https : rules.http
  if (proxy === undefined || rules.except === undefined) return proxy
  return isExcepted(rules.except, url) ? undefined : proxy
}

/** The upstream in words, for messages. */
export function upstreamName(base: URL, rules: ProxyRules | undefined): string {
  const proxy = rules?.missing === undefined ? proxyFor(rules, base) : undefined
  return `upstream ${base.host}${proxy === undefined ? '' : ` (through ${proxyName(proxy)})`}`
}

/** `proxy corp (proxy.example:3128)`. */
export function proxyName({ name, host, port }: UpstreamProxy): string {
  return `proxy ${name} (${hostText(host)}:${port})`
}

/** `[::1]` for an IPv6 address, as in a URL. */
export function hostText(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}
