import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import type { Clock } from '@entrepot/kernel'
import { expect } from 'vitest'
import { createUpstream, type UpstreamDependencies } from '../create-upstream.js'
import type { UpstreamClient, UpstreamRequest, UpstreamResponse } from '../upstream-client.js'
import type { UpstreamSettings } from '../upstream-settings.js'
import { FaultyRegistry, type FaultyRegistryOptions } from './faulty-registry.js'
import { ForwardProxy } from './forward-proxy.js'

/** A clock that stands still until it is told. */
export class ManualClock implements Clock {
  #now = Date.UTC(2026, 0, 1)

  now(): number {
    return this.#now
  }

  pass(milliseconds: number): void {
    this.#now += milliseconds
  }
}

/** Starts registries and clients for one test and ends them all. */
export class Workbench {
  readonly #endings: (() => Promise<unknown>)[] = []

  async registry(options: FaultyRegistryOptions = {}): Promise<FaultyRegistry> {
    const registry = await FaultyRegistry.start(options)
    this.#endings.push(() => registry.close())
    return registry
  }

  async proxy(): Promise<ForwardProxy> {
    const proxy = await ForwardProxy.start()
    this.#endings.push(() => proxy.close())
    return proxy
  }

  /** A server that answers each connection with these very bytes, or with nothing at all. */
  async rawServer(answer: string | undefined): Promise<string> {
    const server: Server = createServer((socket) => {
      socket.on('error', () => undefined)
      if (answer !== undefined) socket.once('data', () => socket.end(answer))
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    this.#endings.push(async () => server.close())
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  client(
    at: FaultyRegistry | string,
    settings: Partial<UpstreamSettings> = {},
    deps: UpstreamDependencies = {},
  ): UpstreamClient {
    const client = createUpstream(
      {
        baseUrl: typeof at === 'string' ? at : at.url,
        username: '',
        password: '',
        timeLimitMilliseconds: 2000,
        idleLimitMilliseconds: 2000,
        assumedOfflineMilliseconds: 0,
        allowAnyHostAuth: false,
        userAgent: 'entrepot/test',
        ...settings,
      },
      deps,
    )
    this.#endings.push(() => client.close())
    return client
  }

  async end(): Promise<void> {
    for (const ending of this.#endings.splice(0).toReversed()) await ending()
  }
}

export function get(path: string, more: Partial<UpstreamRequest> = {}): UpstreamRequest {
  const image = /^\/v2\/(.+)\/(manifests|blobs|tags|referrers)\//.exec(path)?.[1] ?? 'library/alpine'
  return { method: 'GET', path, scope: `repository:${image}:pull`, ...more }
}

export async function bytesOf(response: Promise<UpstreamResponse>): Promise<Buffer> {
  return buffer((await response).body)
}

/** Expects a RegistryError with at least these properties, and gives its message. */
export async function failureOf(
  work: Promise<unknown>,
  properties: { readonly code: string; readonly retryAfterSeconds?: number },
): Promise<string> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toMatchObject({ name: 'RegistryError', ...properties })
  return (error as Error).message
}
