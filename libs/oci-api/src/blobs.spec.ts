import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import { digestOf } from '@entrepot/kernel'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { basic, FakeRepository, RegistryUnderTest } from './testing/index.js'

let registry: RegistryUnderTest
let local: FakeRepository
let digest: string

const hundred = Buffer.from(Array.from({ length: 100 }, (_, position) => position))

beforeEach(async () => {
  registry = await new RegistryUnderTest({ stallTimeoutMilliseconds: 300 }).start()
  local = new FakeRepository('docker-local')
  registry.directory.add(local)
  digest = local.addBlob('app', hundred)
})
afterEach(() => registry.stop())

function get(range?: string, more: Record<string, string> = {}, name = digest) {
  const headers = range === undefined ? more : { range, ...more }
  return registry.ask('GET', `/v2/docker-local/app/blobs/${name}`, { headers })
}

describe('a blob that is pulled', () => {
  it('has length, digest, tag and a type that does not matter (88, 99)', async () => {
    local.cache = 'hit'
    const answer = await get()
    expect(answer.status).toBe(200)
    expect(answer.bytes.equals(hundred)).toBe(true)
    expect(answer.headers).toMatchObject({
      'content-length': '100',
      'docker-content-digest': digest,
      etag: `"${digest}"`,
      'accept-ranges': 'bytes',
      'content-type': 'application/octet-stream',
      'cache-control': 'max-age=31536000, immutable',
      'x-artifactory-docker-registry': 'docker-local',
      'x-entrepot-cache': 'hit',
    })
  })

  it('has the same headers after HEAD, Content-Length above all, and is not opened for it (89)', async () => {
    const answer = await registry.ask('HEAD', `/v2/docker-local/app/blobs/${digest}`, {
      headers: { range: 'bytes=0-1' },
    })
    expect([answer.status, answer.headers['content-length'], answer.bytes.length]).toEqual([200, '100', 0])
    expect(local.bodies).toEqual([])
  })

  it('is not visible through an image that has no link to it (90)', async () => {
    const answer = await registry.ask('GET', `/v2/docker-local/other/blobs/${digest}`)
    expect([answer.status, answer.code]).toEqual([404, 'BLOB_UNKNOWN'])
  })

  it.each([0, 1, 64 * 1024, 64 * 1024 + 1, 3 * 1024 * 1024, 9_999_999])(
    'of %d bytes arrives whole, and its body is closed (91)',
    async (size) => {
      const bytes = randomBytes(size)
      local.bodyOptions = { step: 700_000 }
      const name = local.addBlob('app', bytes)
      const answer = await get(undefined, {}, name)
      expect([answer.status, answer.headers['content-length']]).toEqual([200, String(size)])
      expect(digestOf(answer.bytes)).toBe(name)
      expect(local.bodies.every((body) => body.isClosed)).toBe(true)
    },
  )

  it('is not sent again to who has it', async () => {
    const answer = await get(undefined, { 'if-none-match': `"${digest}"` })
    expect([answer.status, answer.bytes.length, local.bodies.length]).toEqual([304, 0, 0])
  })
})

describe('a range of a blob', () => {
  it.each([
    ['bytes=10-19', 10, 19],
    ['bytes=90-', 90, 99],
    ['bytes=-5', 95, 99],
    ['bytes=95-500', 95, 99],
    ['bytes=0-0', 0, 0],
  ])('%s is 206 with its Content-Range and length (92)', async (range, start, end) => {
    const answer = await get(range)
    expect(answer.status).toBe(206)
    expect(answer.headers['content-range']).toBe(`bytes ${start}-${end}/100`)
    expect(answer.headers['content-length']).toBe(String(end - start + 1))
    expect(answer.bytes.equals(hundred.subarray(start, end + 1))).toBe(true)
  })

  it.each(['bytes=100-', 'bytes=100-200', 'bytes=500-0'])(
    '%s is 416 with a body that matches its own length (93, 94)',
    async (range) => {
      const answer = await get(range)
      expect([answer.status, answer.headers['content-range'], answer.code]).toEqual([
        416,
        'bytes */100',
        'RANGE_INVALID',
      ])
      expect(answer.headers['content-length']).toBe(String(answer.bytes.length))
    },
  )

  it('of several parts is multipart/byteranges (95)', async () => {
    const answer = await get('bytes=0-3,50-59, -2')
    expect(answer.status).toBe(206)
    expect(answer.headers['content-length']).toBe(String(answer.bytes.length))
    const boundary = /^multipart\/byteranges; boundary=(.+)$/.exec(
      String(answer.headers['content-type']),
    )?.[1]
    const parts = answer.bytes.toString('latin1').split(`\r\n--${boundary}`)
    expect(parts.at(-1)).toBe('--\r\n')
    expect(parts.slice(1, -1)).toEqual(
      [
        [0, 3],
        [50, 59],
        [98, 99],
      ].map(
        ([start = 0, end = 0]) =>
          `\r\nContent-Type: application/octet-stream\r\nContent-Range: bytes ${start}-${end}/100\r\n\r\n${hundred.subarray(start, end + 1).toString('latin1')}`,
      ),
    )
  })

  it('of which one part is left is that part, and of which none is left is 416', async () => {
    expect((await get('bytes=10-19,200-')).headers['content-range']).toBe('bytes 10-19/100')
    expect((await get('bytes=200-,300-')).status).toBe(416)
  })

  it('in other units, or that makes no sense, is the whole (96)', async () => {
    for (const range of ['lines=0-1', 'bytes=a-b', 'bytes=0-1,x']) {
      expect([(await get(range)).status, (await get(range)).bytes.length]).toEqual([200, 100])
    }
  })

  it('counts only when If-Range names this content (96)', async () => {
    expect((await get('bytes=0-1', { 'if-range': `"${digest}"` })).status).toBe(206)
    expect((await get('bytes=0-1', { 'if-range': '"other"' })).status).toBe(200)
    expect((await get('bytes=0-1', { 'if-range': `W/"${digest}"` })).status).toBe(200)
    expect((await get('bytes=0-1', { 'if-range': 'Sat, 29 Oct 2022 19:43:31 GMT' })).status).toBe(200)
  })
})

describe('a transfer that goes wrong', () => {
  it('half-way is cut off, so that nobody takes the half for the whole', async () => {
    const bytes = randomBytes(3_000_000)
    const name = local.addBlob('app', bytes)
    local.bodyOptions = { failAfter: 2_000_000 }
    const finished = registry.nextFinished()
    await expect(get(undefined, {}, name)).rejects.toThrow(/aborted|reset|hang up/)
    expect((await finished).status).toBe(200)
    expect(local.bodies[0]?.isClosed).toBe(true)
    const access = registry.logger.lines.find(({ message }) => message === 'request')
    expect(access?.fields).toMatchObject({ cutOff: true })
    expect(registry.logger.lines.some(({ level }) => level === 'error')).toBe(true)
  })

  it('before its first byte, of a small blob, is cut off too', async () => {
    local.bodyOptions = { failAfter: 0 }
    await expect(get()).rejects.toThrow(/aborted|reset|hang up/)
    expect(local.bodies[0]?.isClosed).toBe(true)
  })

  it('closes the body when the client leaves (8)', async () => {
    const name = local.addBlob('app', Buffer.alloc(50_000_000))
    const finished = registry.nextFinished()
    const request = httpRequest({
      port: registry.port,
      path: `/v2/docker-local/app/blobs/${name}`,
      headers: { authorization: basic('root') },
    })
    request.on('error', () => undefined)
    request.end()
    const [response] = await once(request, 'response')
    await once(response, 'data')
    request.destroy()
    await finished
    expect(local.bodies[0]?.isClosed).toBe(true)
    expect(local.contexts[0]?.signal.aborted).toBe(true)
    expect(registry.logger.lines.filter(({ level }) => level === 'error')).toEqual([])
  })

  it('closes a body that waits for an upstream when the client leaves (8)', async () => {
    const name = local.addBlob('app', Buffer.alloc(3_000_000))
    local.bodyOptions = { hangAfter: 1_000_000 }
    const finished = registry.nextFinished()
    const request = httpRequest({
      port: registry.port,
      path: `/v2/docker-local/app/blobs/${name}`,
      headers: { authorization: basic('root') },
    })
    request.on('error', () => undefined)
    request.end()
    const [response] = await once(request, 'response')
    await once(response, 'data')
    request.destroy()
    await finished
    expect(local.bodies[0]?.isClosed).toBe(true)
  })

  it('ends when the client takes nothing for too long', async () => {
    const name = local.addBlob('app', Buffer.alloc(50_000_000))
    const finished = registry.nextFinished()
    const request = httpRequest({
      port: registry.port,
      path: `/v2/docker-local/app/blobs/${name}`,
      headers: { authorization: basic('root') },
    })
    request.on('error', () => undefined)
    request.end()
    const [response] = await once(request, 'response')
    response.on('error', () => undefined)
    response.pause()
    expect(await finished).toMatchObject({ status: 200, route: 'blob' })
    expect(local.bodies[0]?.isClosed).toBe(true)
    request.destroy()
  })

  it('is not confused by many at a time', async () => {
    const blobs = Array.from({ length: 24 }, () => randomBytes(4_000_000))
    const names = blobs.map((bytes) => local.addBlob('app', bytes))
    const answers = await Promise.all(names.map((name) => get(undefined, {}, name)))
    const hashes = answers.map(({ bytes }) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`)
    expect(hashes).toEqual(names)
  })
})

describe('a blob that is deleted', () => {
  it('answers 202 and is gone, and then 404 (187)', async () => {
    const path = `/v2/docker-local/app/blobs/${digest}`
    expect((await registry.ask('DELETE', path)).status).toBe(202)
    expect((await registry.ask('HEAD', path)).status).toBe(404)
    const again = await registry.ask('DELETE', path)
    expect([again.status, again.code]).toEqual([404, 'BLOB_UNKNOWN'])
  })
})
