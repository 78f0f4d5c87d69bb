import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { RegistryError, silentLogger } from '@entrepot/kernel'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Readiness, type ReadinessCheck } from '../lifecycle/readiness.js'
import { Metrics } from '../metrics/metrics.js'
import { operationsHandler } from './operations-handler.js'

describe('the operations handler', () => {
  let server: Server
  let url: string
  let readiness: Readiness
  let blobStore: ReadinessCheck
  let mayRead: () => void

  beforeEach(async () => {
    blobStore = async () => undefined
    mayRead = () => undefined
    readiness = new Readiness({ database: async () => undefined, blobStore: () => blobStore() }, silentLogger)
    const access = { check: async () => mayRead() }
    const handler = operationsHandler(readiness, new Metrics(silentLogger), access)
    server = createServer((request, response) => void handler(request, response))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterEach(() => {
    server.closeAllConnections()
    server.close()
  })

  const readyz = async () => {
    const response = await fetch(`${url}/readyz`)
    return [response.status, await response.json()]
  }

  it('says that the process works', async () => {
    const response = await fetch(`${url}/healthz`)
    expect([response.status, await response.json()]).toEqual([200, { status: 'ok' }])
  })

  it('says ready when every part is', async () => {
    const parts = { database: 'ok', blobStore: 'ok', server: 'ok' }
    expect(await readyz()).toEqual([200, { status: 'ready', parts }])
  })

  it('names the part that is not ready, and not why', async () => {
    blobStore = async () => {
      throw new Error("EROFS: read-only file system, open '/srv/secret-place'")
    }
    const parts = { database: 'ok', blobStore: 'failing', server: 'ok' }
    expect(await readyz()).toEqual([503, { status: 'not ready', parts }])
  })

  it('does not wait for a part that never answers', async () => {
    blobStore = () => new Promise(() => undefined)
    const parts = { database: 'ok', blobStore: 'no answer', server: 'ok' }
    expect(await readyz()).toEqual([503, { status: 'not ready', parts }])
  })

  it('is not ready while the server shuts down', async () => {
    readiness.shuttingDown()
    expect(await readyz()).toEqual([
      503,
      { status: 'not ready', parts: { database: 'ok', blobStore: 'ok', server: 'shutting down' } },
    ])
    expect((await fetch(`${url}/healthz`)).status).toBe(200)
  })

  it.each([
    [
      new RegistryError('UNAUTHORIZED', 'a login'),
      401,
      'www-authenticate',
      'Basic realm="Entrepot", charset="UTF-8"',
    ],
    [new RegistryError('DENIED', 'not you'), 403, 'www-authenticate', null],
    [new RegistryError('TOO_MANY_REQUESTS', 'wait', { retryAfterSeconds: 7 }), 429, 'retry-after', '7'],
    [new RegistryError('UNAVAILABLE', 'down'), 503, 'retry-after', null],
  ])(
    'shows the metrics to nobody who may not read them (%s), and the probes to them too',
    async (error, status, header, value) => {
      mayRead = () => {
        throw error
      }
      const response = await fetch(`${url}/metrics`)
      expect([response.status, response.headers.get(header)]).toEqual([status, value])
      expect(await response.json()).toEqual({ status: error.message })
      for (const probe of ['healthz', 'readyz']) expect((await fetch(`${url}/${probe}`)).status).toBe(200)
    },
  )

  it('shows the metrics to who may read them', async () => {
    const response = await fetch(`${url}/metrics`)
    expect(response.status).toBe(200)
    expect(await response.text()).toContain('entrepot_http_requests_total')
  })

  it('answers HEAD without a body and refuses what would change something', async () => {
    const head = await fetch(`${url}/metrics`, { method: 'HEAD' })
    expect([head.status, await head.text()]).toEqual([200, ''])
    expect(Number(head.headers.get('content-length'))).toBeGreaterThan(100)
    const post = await fetch(`${url}/metrics`, { method: 'POST', body: 'x' })
    expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
  })
})
