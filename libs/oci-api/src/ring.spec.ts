import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, get, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { BufferPool } from './buffer-pool.js'
import { sendBody } from './ring.js'
import { BufferBody, type BufferBodyOptions } from './testing/index.js'

const mebibyte = 1024 * 1024

describe('BufferPool', () => {
  it('lends no more than its memory, and lends again what came back', () => {
    const pool = new BufferPool(2 * mebibyte)
    const [first, second] = [pool.take(), pool.take()]
    expect(pool.take()).toBeUndefined()
    expect(first?.length).toBe(mebibyte)
    pool.giveBack(first as Buffer)
    expect(pool.take()).toBe(first)
    expect(second).not.toBe(first)
  })

  it('makes a new buffer for one that is forgotten', () => {
    const pool = new BufferPool(mebibyte)
    const lost = pool.take()
    pool.forget()
    expect(pool.lent).toBe(0)
    expect(pool.take()).not.toBe(lost)
  })
})

describe('sendBody', () => {
  let server: Server
  let pool: BufferPool
  let outcome: Promise<unknown>

  beforeEach(async () => {
    pool = new BufferPool(4 * mebibyte)
    server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
  })
  afterEach(() => {
    server.closeAllConnections()
    server.close()
  })

  function serve(bytes: Buffer, options: BufferBodyOptions = {}): { readonly sent: number[] } {
    const sent: number[] = []
    server.on('request', (_request, response) => {
      response.writeHead(200, { 'content-length': bytes.length })
      const transfer = { pool, stallMilliseconds: 500, onSent: (count: number) => sent.push(count) }
      outcome = sendBody(response, new BufferBody(bytes, options), transfer).then(
        () => response.end(),
        (error: unknown) => {
          response.destroy()
          return error
        },
      )
    })
    return { sent }
  }

  async function fetchAll(): Promise<Buffer> {
    const request = get({ port: (server.address() as AddressInfo).port, agent: false })
    const [response] = await once(request, 'response')
    const chunks: Buffer[] = []
    for await (const chunk of response) chunks.push(chunk as Buffer)
    return Buffer.concat(chunks)
  }

  it('sends every byte in its place, whatever the size of the reads', async () => {
    const bytes = randomBytes(5 * mebibyte + 17)
    const { sent } = serve(bytes, { step: 333_333 })
    expect((await fetchAll()).equals(bytes)).toBe(true)
    expect(sent.reduce((sum, count) => sum + count, 0)).toBe(bytes.length)
    expect(pool.lent).toBe(0)
  })

  it('goes on in small pieces while the pool is empty', async () => {
    const taken = Array.from({ length: 4 }, () => pool.take())
    expect(taken).not.toContain(undefined)
    const bytes = randomBytes(mebibyte)
    const { sent } = serve(bytes)
    expect((await fetchAll()).equals(bytes)).toBe(true)
    expect(Math.max(...sent)).toBe(64 * 1024)
    expect(pool.lent).toBe(4)
  })

  it('borrows no more buffers than the body can fill', async () => {
    const before = pool.lent
    const bytes = randomBytes(100_000)
    let most = 0
    const { sent } = serve(bytes, { step: 10_000 })
    const watch = setInterval(() => (most = Math.max(most, pool.lent)), 1)
    await fetchAll()
    clearInterval(watch)
    expect(sent.length).toBe(10)
    expect([before, most <= 1, pool.lent]).toEqual([0, true, 0])
  })

  it('never lends out a buffer that a broken connection may still be reading', async () => {
    serve(Buffer.alloc(30 * mebibyte))
    const request = get({ port: (server.address() as AddressInfo).port, agent: false })
    request.on('error', () => undefined)
    const [response] = await once(request, 'response')
    response.pause()
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(pool.lent).toBeGreaterThan(0)
    request.destroy()
    expect(await outcome).toMatchObject({ name: 'ClientGone' })
    expect(pool.lent).toBe(0)
  })

  it('fails when a body ends before its size', async () => {
    const bytes = Buffer.alloc(2 * mebibyte)
    server.on('request', (_request, response) => {
      const body = new BufferBody(bytes)
      Object.defineProperty(body, 'size', { value: 3 * mebibyte })
      response.writeHead(200, { 'content-length': 3 * mebibyte })
      outcome = sendBody(response, body, { pool, stallMilliseconds: 500, onSent: () => undefined }).catch(
        (error: unknown) => {
          response.destroy()
          return error
        },
      )
    })
    await expect(fetchAll()).rejects.toThrow()
    expect(await outcome).toMatchObject({ message: expect.stringContaining('ended after') })
  })
})
