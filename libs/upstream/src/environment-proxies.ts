import type { ProxyRules, UpstreamProxy } from './upstream-proxy.js'

export interface EnvironmentProxies {
  /** Undefined where the environment names no proxy. */
  readonly rules: ProxyRules | undefined
  /** What is wrong with it; without any credentials. */
  readonly problems: readonly string[]
}

/**
 * `HTTPS_PROXY` for https, `HTTP_PROXY` for http, and `NO_PROXY`, each in lower case as well, as platforms set them for
 * everything that runs on them.
 */
export function environmentProxies(
  environment: Readonly<Record<string, string | undefined>>,
): EnvironmentProxies {
  const problems: string[] = []
  const proxyOf = (variable: string): UpstreamProxy | undefined => {
    const [name, text] = given(environment, variable)
    if (text === '') return undefined
    const proxy = parseProxy(name, text)
    if (proxy === undefined) {
      problems.push(
        `${name} (in the environment) can not be used: expected http://host:port, perhaps with user:password@`,
      )
    }
    return proxy
  }
  const https = proxyOf('HTTPS_PROXY')
  const http = proxyOf('HTTP_PROXY')
  const [, except] = given(environment, 'NO_PROXY')
  const rules =
    https === undefined && http === undefined ? undefined : { http, https, except, missing: undefined }
  return { rules, problems }
}

function given(
  environment: Readonly<Record<string, string | undefined>>,
  variable: string,
): readonly [name: string, text: string] {
  const names = [variable, variable.toLowerCase()]
  const name = names.find((each) => (environment[each] ?? '') !== '') ?? variable
  return [name, (environment[name] ?? '').trim()]
}

/** curl and others take `host:port` for http. */
function parseProxy(name: string, text: string): UpstreamProxy | undefined {
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`)
  if (url === null || url.protocol !== 'http:' || url.pathname !== '/' || url.search + url.hash !== '') {
    return undefined
  }
  try {
    return {
      name,
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port === '' ? 80 : Number(url.port),
      username: decodeURIComponent(url.username),
      password: decodeURIComponent(url.password),
      redirectedToHosts: [],
    }
  } catch (error) {
    if (error instanceof URIError) return undefined
    throw error
  }
}
