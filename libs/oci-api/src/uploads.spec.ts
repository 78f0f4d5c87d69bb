import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { digestOf, RegistryError } from '@entrepot/kernel'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Answer, type Ask, basic, FakeRepository, RegistryUnderTest } from './testing/index.js'

let registry: RegistryUnderTest
let local: FakeRepository

const path = '/v2/docker-local/team/app/blobs'
const bytes = Buffer.from('0123456789')
const digest = digestOf(bytes)

beforeEach(async () => {
  registry = await new RegistryUnderTest({ stallTimeoutMilliseconds: 300 }).start()
  local = new FakeRepository('docker-local')
  registry.directory.add(local)
})
afterEach(() => registry.stop())

async function start(): Promise<string> {
  return String((await registry.ask('POST', `${path}/uploads/`)).headers['location'])
}

function patch(location: string, body: Buffer | string, range?: string): Promise<Answer> {
  const headers = range === undefined ? {} : { 'content-range': range }
  return registry.ask('PATCH', location, { body, headers })
}

function put(location: string, ask: Ask = {}, expected: string = digest): Promise<Answer> {
  return registry.ask('PUT', `${location}?digest=${encodeURIComponent(expected)}`, ask)
}

describe('an upload that is started', () => {
  it.each(['uploads/', 'uploads'])(
    'by POST %s answers 202 with everything clients rely on (22, 102)',
    async (end) => {
      const answer = await registry.ask('POST', `${path}/${end}`)
      expect(answer.status).toBe(202)
      expect(answer.headers).toMatchObject({
        location: `${path}/uploads/upload-1`,
        'docker-upload-uuid': 'upload-1',
        range: '0-0',
        'content-length': '0',
      })
    },
  )

  it('with Content-Type: application/json and no body is an upload like others', async () => {
    const headers = { 'content-type': 'application/json' }
    expect((await registry.ask('POST', `${path}/uploads/`, { headers })).status).toBe(202)
  })

  it('can be told the algorithm, if it is one that can be verified (120)', async () => {
    expect((await registry.ask('POST', `${path}/uploads/?digest-algorithm=sha512`)).status).toBe(202)
    const refused = await registry.ask('POST', `${path}/uploads/?digest-algorithm=md5`)
    expect([refused.status, refused.code]).toEqual([400, 'DIGEST_INVALID'])
  })

  it('under the prefix has its Location there (25)', async () => {
    const answer = await registry.ask('POST', '/artifactory/api/docker/docker-local/v2/app/blobs/uploads/')
    expect(answer.headers['location']).toBe(
      '/artifactory/api/docker/docker-local/v2/app/blobs/uploads/upload-1',
    )
  })
})

describe('an upload', () => {
  it('of POST and one PUT answers exactly 201, and the blob can be pulled at once (107, 121)', async () => {
    const answer = await put(await start(), { body: bytes })
    expect(answer.status).toBe(201)
    expect(answer.headers).toMatchObject({
      location: `${path}/${digest}`,
      'docker-content-digest': digest,
      'content-length': '0',
    })
    const pulled = await registry.ask('GET', String(answer.headers['location']))
    expect(pulled.bytes.equals(bytes)).toBe(true)
  })

  it('by stream: one PATCH without length, then an empty PUT (6, 108)', async () => {
    const location = await start()
    const headers = { 'transfer-encoding': 'chunked' }
    const patched = await registry.ask('PATCH', location, { body: bytes, headers })
    expect(patched.status).toBe(202)
    expect(patched.headers).toMatchObject({
      location,
      range: '0-9',
      'docker-upload-uuid': 'upload-1',
      'content-length': '0',
    })
    expect((await put(location)).status).toBe(201)
  })

  it.each([
    ['0-4', '5-9'],
    ['bytes 0-4/*', 'bytes 5-9/10'],
    ['0-5', '5-10'],
  ])('in chunks with Content-Range %s, %s (109, 112)', async (first, second) => {
    const location = await start()
    expect((await patch(location, '01234', first)).headers['range']).toBe('0-4')
    expect((await patch(location, '56789', second)).headers['range']).toBe('0-9')
    expect((await put(location)).status).toBe(201)
  })

  it('may bring its last chunk with the PUT (110)', async () => {
    const location = await start()
    await patch(location, '01234', '0-4')
    const answer = await put(location, { body: '56789', headers: { 'content-range': '5-9' } })
    expect(answer.status).toBe(201)
  })

  it.each([['5-9'], ['0-4'], ['6-9'], ['4-9'], ['x'], ['9-5'], ['-5'], ['0-']])(
    'refuses a chunk of %s that is out of order with 416, and lives on (110, 111)',
    async (range) => {
      const location = await start()
      if (range !== '5-9') await patch(location, '01234')
      const stands = range === '5-9' ? '0-0' : '0-4'
      const answer = await patch(location, '56789', range)
      expect([answer.status, answer.code]).toEqual([416, 'RANGE_INVALID'])
      expect(answer.headers).toMatchObject({ location, range: stands, 'docker-upload-uuid': 'upload-1' })
      const status = await registry.ask('GET', location)
      expect([status.status, status.headers['range']]).toEqual([204, stands])
      expect(status.headers).toMatchObject({ location, 'docker-upload-uuid': 'upload-1' })
    },
  )

  it('refuses a final chunk out of order, and can be finished afterwards (110)', async () => {
    const location = await start()
    await patch(location, '01234', '0-4')
    const refused = await put(location, { body: '56789', headers: { 'content-range': '0-4' } })
    expect(refused.status).toBe(416)
    expect((await put(location, { body: '56789' })).status).toBe(201)
  })

  it('does not need its Location’s query, and takes one that has grown (104, 105)', async () => {
    const uuid = (await registry.ask('POST', `${path}/uploads/`)).headers['docker-upload-uuid']
    const answer = await registry.ask('PUT', `${path}/uploads/${String(uuid)}?_state=x&digest=${digest}`, {
      body: bytes,
    })
    expect(answer.status).toBe(201)
  })

  it('without a digest, or with none that can be verified, is kept (115, 20)', async () => {
    const location = await start()
    await patch(location, bytes)
    for (const query of ['', '?digest=', '?digest=sha256:abc', '?digest=md5:00', '?digest=%zz']) {
      const answer = await registry.ask('PUT', `${location}${query}`)
      expect(answer.status).toBe(400)
    }
    expect((await put(location)).status).toBe(201)
  })

  it.each(['sha256', 'sha512'] as const)(
    'with a wrong %s ends, and nothing is visible (116)',
    async (algorithm) => {
      const wrong = digestOf(Buffer.from('other'), algorithm)
      const location = await start()
      const answer = await put(location, { body: bytes }, wrong)
      expect([answer.status, answer.code]).toEqual([400, 'DIGEST_INVALID'])
      for (const name of [wrong, digest]) {
        expect((await registry.ask('HEAD', `${path}/${name}`)).status).toBe(404)
      }
      expect((await registry.ask('GET', location)).status).toBe(404)
    },
  )

  it('by sha512 keeps that digest (21)', async () => {
    const sha512 = digestOf(bytes, 'sha512')
    const answer = await put(await start(), { body: bytes }, sha512)
    expect(answer.headers['docker-content-digest']).toBe(sha512)
    expect((await registry.ask('HEAD', `${path}/${sha512}`)).status).toBe(200)
  })

  it('that is cancelled answers 204 and is gone (118)', async () => {
    const location = await start()
    expect((await registry.ask('DELETE', location)).status).toBe(204)
    for (const method of ['GET', 'PATCH', 'PUT', 'DELETE']) {
      const answer = await registry.ask(method, `${location}?digest=${digest}`)
      expect([answer.status, answer.code]).toEqual([404, 'BLOB_UPLOAD_UNKNOWN'])
    }
  })

  it('is unknown to another image, another user, and under an id that is none (106, 117)', async () => {
    const location = await start()
    registry.policy.grants.push({ principal: 'alice', repository: 'docker-local', actions: ['deploy'] })
    expect((await registry.ask('GET', location, { as: 'alice' })).status).toBe(404)
    expect((await registry.ask('GET', location.replace('team/app', 'other'))).status).toBe(404)
    for (const id of ['..', '%00', 'a%20b', 'x'.repeat(200), 'upload-2']) {
      const answer = await registry.ask('PATCH', `${path}/uploads/${id}`, { body: bytes })
      expect([answer.status, answer.code]).toEqual([404, 'BLOB_UPLOAD_UNKNOWN'])
    }
  })
})

describe('a single POST', () => {
  it('with the whole blob answers 201 (119)', async () => {
    const answer = await registry.ask('POST', `${path}/uploads/?digest=${digest}`, { body: bytes })
    expect([answer.status, answer.headers['location']]).toEqual([201, `${path}/${digest}`])
  })

  it('pushes the empty blob too (91)', async () => {
    const empty = digestOf(Buffer.alloc(0))
    const answer = await registry.ask('POST', `${path}/uploads/?digest=${empty}`, { body: '' })
    expect(answer.status).toBe(201)
  })

  it('with another digest answers 400, and leaves nothing (119)', async () => {
    const wrong = digestOf(Buffer.from('other'))
    const answer = await registry.ask('POST', `${path}/uploads/?digest=${wrong}`, { body: bytes })
    expect([answer.status, answer.code]).toEqual([400, 'DIGEST_INVALID'])
    expect([...local.uploads.values()].every(({ isOver }) => isOver)).toBe(true)
  })
})

describe('a client that expects 100 Continue', () => {
  function send(head: string): Promise<string> {
    const socket = connect(registry.port, '127.0.0.1')
    let text = ''
    socket.on('data', (chunk) => {
      text += String(chunk)
      if (text === 'HTTP/1.1 100 Continue\r\n\r\n') socket.write(bytes)
    })
    socket.write(`${head}Host: a\r\nExpect: 100-continue\r\nContent-Length: 10\r\n\r\n`)
    return once(socket, 'end').then(() => text)
  }

  it('is told to go on after it was authorised (9)', async () => {
    const location = await start()
    const text = await send(`PATCH ${location} HTTP/1.1\r\nAuthorization: ${basic('root')}\r\n`)
    expect(text).toMatch(/^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 202 Accepted\r\n/)
  })

  it('is refused without having sent its body (9)', async () => {
    const text = await send(`PATCH ${path}/uploads/1 HTTP/1.1\r\n`)
    expect(text).toMatch(/^HTTP\/1.1 401 Unauthorized\r\n/)
  })
})

describe('an upload that goes wrong', () => {
  it('tells its error to a client that is still sending (130)', async () => {
    const large = randomBytes(20_000_000)
    expect((await registry.ask('PATCH', `${path}/uploads/nope`, { body: large })).code).toBe(
      'BLOB_UPLOAD_UNKNOWN',
    )
    const location = await start()
    const session = [...local.uploads.values()][0]
    if (session !== undefined) session.failure = new RegistryError('STORAGE_FULL', 'no space is left')
    const full = await registry.ask('PATCH', location, { body: large })
    expect([full.status, full.code]).toEqual([413, 'DENIED'])
    expect((await registry.ask('PATCH', location, { body: large, as: '' })).status).toBe(401)
  })

  it.each(['close', 'keep-alive'])(
    'never cuts off a client that sends on, with Connection: %s (130)',
    async (mode) => {
      const socket = connect(registry.port, '127.0.0.1')
      const answer = once(socket, 'data')
      const head = `Host: a\r\nConnection: ${mode}\r\nContent-Length: 20000000\r\n`
      socket.write(`PATCH ${path}/uploads/1 HTTP/1.1\r\n${head}\r\n`)
      for (let part = 0; part < 200; part += 1) {
        await new Promise((resolve, reject) => {
          socket.write(Buffer.alloc(100_000), (error) => (error ? reject(error) : resolve(undefined)))
        })
      }
      expect(String(await answer)).toContain('401 Unauthorized')
      if (mode === 'close') await once(socket, 'end')
      socket.destroy()
    },
  )

  it('leaves the connection usable after an error with a small rest (130)', async () => {
    const socket = connect(registry.port, '127.0.0.1')
    const head = `Host: a\r\nAuthorization: ${basic('root')}\r\n`
    socket.write(`PATCH ${path}/uploads/nope HTTP/1.1\r\n${head}Content-Length: 10\r\n\r\n01234`)
    const [first] = await once(socket, 'data')
    expect(String(first)).toContain('404 Not Found')
    socket.write(`56789GET /v2/ HTTP/1.1\r\n${head}\r\n`)
    const [second] = await once(socket, 'data')
    expect(String(second)).toContain('200 OK')
    socket.destroy()
  })

  it('keeps what arrived before the client left (125)', async () => {
    const location = await start()
    const finished = registry.nextFinished()
    const request = httpRequest({
      port: registry.port,
      method: 'PATCH',
      path: location,
      headers: { authorization: basic('root'), 'content-length': 100 },
    })
    request.on('error', () => undefined)
    request.write('01234')
    await new Promise((resolve) => setTimeout(resolve, 50))
    request.destroy()
    expect(await finished).toMatchObject({ status: 499, bytesIn: 5, route: 'upload' })
    expect((await registry.ask('GET', location)).headers['range']).toBe('0-4')
  })

  it('is cut off when no byte comes for too long, but lives on (1)', async () => {
    const location = await start()
    const finished = registry.nextFinished()
    const socket = connect(registry.port, '127.0.0.1')
    socket.write(
      `PATCH ${location} HTTP/1.1\r\nHost: a\r\nAuthorization: ${basic('root')}\r\nContent-Length: 10\r\n\r\n012`,
    )
    await once(socket, 'close')
    expect(await finished).toMatchObject({ status: 499, bytesIn: 3 })
    expect((await registry.ask('GET', location)).headers['range']).toBe('0-2')
  })

  it('is not cut off while bytes come, however slowly (1)', async () => {
    const location = await start()
    const socket = connect(registry.port, '127.0.0.1')
    socket.write(
      `PATCH ${location} HTTP/1.1\r\nHost: a\r\nAuthorization: ${basic('root')}\r\nContent-Length: 5\r\n\r\n`,
    )
    for (const digit of '01234') {
      await new Promise((resolve) => setTimeout(resolve, 150))
      socket.write(digit)
    }
    const [answer] = await once(socket, 'data')
    expect(String(answer)).toContain('202 Accepted')
    socket.destroy()
  })
})
