import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { bytesOf, failureOf, get, Workbench } from './testing/workbench.js'

const bench = new Workbench()
afterEach(() => bench.end())

describe('a local address', () => {
  it('is where connections come from', async () => {
    const server = createServer((request, response) => response.end(request.socket.remoteAddress))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    try {
      const from = async (localAddress: string) =>
        (await bytesOf(bench.client(url, { localAddress }).request(get('/v2/a/manifests/b')))).toString()
      expect(await from('127.0.0.2')).toBe('127.0.0.2')
      expect(await from('')).toBe('127.0.0.1')
    } finally {
      server.closeAllConnections()
      server.close()
    }
  })

  it('that this machine does not have is told as such', async () => {
    const registry = await bench.registry()
    const client = bench.client(registry, { localAddress: '192.0.2.7' })
    const message = await failureOf(client.request(get('/v2/a/manifests/b')), {
      code: 'UPSTREAM_UNAVAILABLE',
    })
    expect(message).toContain('from the localAddress of the repository')
    expect(registry.requests).toEqual([])
  })
})
