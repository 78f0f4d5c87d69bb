import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { silentLogger } from '@entrepot/kernel'
import { afterEach, describe, expect, it } from 'vitest'
import { HttpFront, type PlainHandler } from './http-front.js'

const answering =
  (name: string): PlainHandler =>
  async (request, response) => {
    response.end(`${name} ${request.url}`)
  }

describe('the HTTP front', () => {
  const opened: { front: HttpFront; sockets: Socket[] }[] = []
  afterEach(async () => {
    for (const { front, sockets } of opened.splice(0)) {
      for (const socket of sockets) socket.destroy()
      await front.drain(0)
    }
  })

  const start = async (handlers: Partial<Record<'registry' | 'application', PlainHandler>> = {}) => {
    const application = handlers.application ?? answering('application')
    const front = new HttpFront(
      {
        registry: handlers.registry ?? answering('registry'),
        operations: answering('operations'),
        application: (request, response) => void application(request, response),
      },
      silentLogger,
    )
    const { port } = await front.listen({ host: '127.0.0.1', port: 0 })
    const sockets: Socket[] = []
    opened.push({ front, sockets })
    const raw = () => {
      const socket = connect(port, '127.0.0.1')
      sockets.push(socket)
      let text = ''
      socket.on('data', (chunk) => (text += chunk.toString('latin1')))
      return { socket, text: () => text }
    }
    return { front, port, raw }
  }

  /** The target goes out as it is written here, which fetch would tidy up. */
  const get = async (port: number, path: string): Promise<string> => {
    const sent = httpRequest({ port, host: '127.0.0.1', path, agent: false }).end()
    const [response] = (await once(sent, 'response')) as [IncomingMessage]
    return Buffer.concat(await response.toArray()).toString()
  }

  it.each([
    ['/v2', 'registry /v2'],
    ['/v2/', 'registry /v2/'],
    ['/v2?x=/healthz', 'registry /v2?x=/healthz'],
    ['/v2/docker/a%2fb/manifests/latest', 'registry /v2/docker/a%2fb/manifests/latest'],
    ['/v2/../healthz', 'registry /v2/../healthz'],
    ['/artifactory/api/docker/docker-local/v2/', 'registry /artifactory/api/docker/docker-local/v2/'],
    [
      '/artifactory/api/docker/docker-local/v2/promote',
      'application /artifactory/api/docker/docker-local/v2/promote',
    ],
    [
      '/artifactory/api/docker/docker-local/v2/promote/tags/list',
      'registry /artifactory/api/docker/docker-local/v2/promote/tags/list',
    ],
    ['/artifactory/api/docker/docker-local/v2x', 'application /artifactory/api/docker/docker-local/v2x'],
    ['/artifactory/api/docker//v2/', 'application /artifactory/api/docker//v2/'],
    ['/v2x', 'application /v2x'],
    ['/healthz', 'operations /healthz'],
    ['/readyz?verbose', 'operations /readyz?verbose'],
    ['/metrics', 'operations /metrics'],
    ['/metrics/more', 'application /metrics/more'],
    ['/', 'application /'],
    ['http://registry.example/v2/a?n=1', 'registry /v2/a?n=1'],
    ['http://registry.example', 'application /'],
  ])('leads %s to %s', async (path, answer) => {
    const { port } = await start()
    expect(await get(port, path)).toBe(answer)
  })

  it('says 100 Continue only when the body is read', async () => {
    const bodies: string[] = []
    const { raw } = await start({
      registry: async (request, response) => {
        await delay(20)
        bodies.push(Buffer.concat(await request.toArray()).toString())
        response.writeHead(201, { 'content-length': 0 }).end()
      },
    })
    const client = raw()
    client.socket.write('PUT /v2/ HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n')
    await expect.poll(client.text).toBe('HTTP/1.1 100 Continue\r\n\r\n')
    client.socket.write('body')
    await expect.poll(client.text).toContain('HTTP/1.1 201 Created')
    expect(bodies).toEqual(['body'])
    expect(client.text()).toContain('Connection: keep-alive')
  })

  it('answers a refused request that waits for 100 Continue without asking for its body', async () => {
    const { raw } = await start({
      registry: async (request, response) => {
        response.writeHead(401, { 'content-length': 0 }).end()
        request.resume()
      },
    })
    const client = raw()
    client.socket.write('PUT /v2/ HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n')
    await once(client.socket, 'close')
    expect(client.text()).toContain('HTTP/1.1 401 Unauthorized')
    expect(client.text()).toContain('Connection: close')
    expect(client.text()).not.toContain('100 Continue')
  })

  it.each([
    ['garbage', 'not http at all\r\n\r\n', 'HTTP/1.1 400 Bad Request'],
    [
      'a request smuggled by two lengths',
      'GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      'HTTP/1.1 400 Bad Request',
    ],
    ['no host', 'GET / HTTP/1.1\r\n\r\n', 'HTTP/1.1 400 Bad Request'],
    ['a NUL', 'GET /v2/\0 HTTP/1.1\r\nHost: x\r\n\r\n', 'HTTP/1.1 400 Bad Request'],
    [
      '70 KiB of header',
      `GET / HTTP/1.1\r\nHost: x\r\nA: ${'a'.repeat(70_000)}\r\n\r\n`,
      'HTTP/1.1 431 Request Header Fields Too Large',
    ],
  ])('answers %s and closes', async (_what, text, status) => {
    const { raw } = await start()
    const client = raw()
    client.socket.on('error', () => undefined)
    client.socket.write(text)
    await once(client.socket, 'close')
    expect(client.text()).toMatch(new RegExp(`^${status}`))
  })

  it('takes 60 KiB of header', async () => {
    const { raw } = await start()
    const client = raw()
    client.socket.write(`GET /v2/ HTTP/1.1\r\nHost: x\r\nA: ${'a'.repeat(60_000)}\r\n\r\n`)
    await expect.poll(client.text).toContain('HTTP/1.1 200 OK')
  })

  it('answers 500 for a handler that fails', async () => {
    const { port } = await start({
      registry: async () => {
        throw new Error('planted')
      },
    })
    const response = await fetch(`http://127.0.0.1:${port}/v2/`)
    expect([response.status, await response.text()]).toEqual([500, 'internal error\n'])
  })

  it('names the setting when the address is taken', async () => {
    const { port } = await start()
    const second = new HttpFront(
      {
        registry: answering(''),
        operations: answering(''),
        application: () => undefined,
      },
      silentLogger,
    )
    await expect(second.listen({ host: '127.0.0.1', port })).rejects.toThrow(
      `ENTREPOT_LISTEN is 127.0.0.1:${port}: another program listens there`,
    )
  })

  it('drains: finishes what runs, closes what is idle, takes nothing new', async () => {
    let finish: () => void = () => undefined
    const { front, port, raw } = await start({
      registry: async (_request, response) => {
        response.write('half')
        await new Promise<void>((resolve) => (finish = resolve))
        response.end('done')
      },
    })
    const idle = raw()
    idle.socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    const running = raw()
    running.socket.write('GET /v2/ HTTP/1.1\r\nHost: x\r\n\r\n')
    await expect.poll(running.text).toContain('half')
    await expect.poll(idle.text).toContain('application')
    const drained = front.drain(5_000)
    await once(idle.socket, 'close')
    await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow()
    finish()
    await once(running.socket, 'close')
    expect(running.text()).toContain('done')
    expect(await drained).toBe(true)
  })

  it('drains: cuts off what outlasts the grace period', async () => {
    const { front, raw } = await start({
      registry: async (_request, response) => void response.write('half'),
    })
    const running = raw()
    running.socket.on('error', () => undefined)
    running.socket.write('GET /v2/ HTTP/1.1\r\nHost: x\r\n\r\n')
    await expect.poll(running.text).toContain('half')
    expect(await front.drain(100)).toBe(false)
  })
})
