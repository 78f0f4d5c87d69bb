import { RegistryError, silentLogger, systemClock, type Clock, type Logger } from '@entrepot/kernel'
import { Authorizer } from './authorizer.js'
import { bothObservers } from './both-observers.js'
import { defaultMaxConnections } from './carriers.js'
import { Circuit } from './circuit.js'
import { ConnectionSlots } from './connection-slots.js'
import { credentialsOf } from './credentials.js'
import { HttpUpstream } from './http-upstream.js'
import { systemNetwork, type Network } from './network.js'
import { readPrefix } from './read-prefix.js'
import { statusFailure } from './status-failure.js'
import { TokenSource } from './token-source.js'
import { Transport } from './transport.js'
import type { UpstreamClient } from './upstream-client.js'
import { UpstreamHistory } from './upstream-history.js'
import { silentObserver, type UpstreamObserver } from './upstream-observer.js'
import { upstreamName } from './upstream-proxy.js'
import type { UpstreamSettings } from './upstream-settings.js'

/** What a client needs of its surroundings; what is left out is the system's own, or silent. */
export interface UpstreamDependencies {
  readonly clock?: Clock
  readonly logger?: Logger
  readonly observer?: UpstreamObserver
  readonly network?: Network
}

/**
 * The client of one remote repository. Close it when the repository's settings change or the repository goes.
 * @throws RegistryError REQUEST_INVALID for a base URL that is not http(s), or has credentials, a query or a fragment
 */
export function createUpstream(settings: UpstreamSettings, deps: UpstreamDependencies = {}): UpstreamClient {
  const base = checkedBase(settings.baseUrl)
  const { clock = systemClock, observer = silentObserver, network = systemNetwork } = deps
  const logger = (deps.logger ?? silentLogger).child({ upstream: base.host })
  const who = upstreamName(base, settings.proxies)
  const history = new UpstreamHistory(clock)
  const transport = new Transport(settings, clock, bothObservers(history, observer), network)
  const credentials = credentialsOf(settings)
  const ping = async () => {
    const url = new URL(`${base.pathname.replace(/\/+$/, '')}/v2/`, base)
    const hop = { url, method: 'GET', headers: {}, purpose: 'registry', who, signal: undefined } as const
    const answer = await transport.send(hop)
    await readPrefix(answer.body, settings.timeLimitMilliseconds)
    if (answer.status !== 429 && answer.status < 500) return answer
    throw statusFailure(who, answer.status, answer.headers, clock.now())
  }
  const tokens = new TokenSource(settings, credentials, transport, clock)
  return new HttpUpstream(settings, clock, transport, new Authorizer(credentials, tokens, ping), {
    history,
    ping,
    circuit: new Circuit(settings.assumedOfflineMilliseconds, clock, logger),
    slots: new ConnectionSlots(
      settings.maxConnections ?? defaultMaxConnections,
      settings.timeLimitMilliseconds,
      who,
    ),
  })
}

function checkedBase(text: string): URL {
  const base = URL.parse(text)
  if (base === null || (base.protocol !== 'https:' && base.protocol !== 'http:')) {
    throw new RegistryError('REQUEST_INVALID', 'the url of a remote repository must be an http or https URL')
  }
  if (base.username !== '' || base.password !== '' || base.search !== '' || base.hash !== '') {
    throw new RegistryError(
      'REQUEST_INVALID',
      `the url of a remote repository (${base.origin}) must have no credentials, query or fragment in it`,
    )
  }
  return base
}
