import { once } from 'node:events'
import { connect } from 'node:net'
import { digestOf, errorCodes, RegistryError } from '@entrepot/kernel'
import { mediaTypes } from '@entrepot/oci-model'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { errorTable } from './error-table.js'
import { FakeRepository, RegistryUnderTest } from './testing/index.js'

let registry: RegistryUnderTest
let local: FakeRepository

beforeEach(async () => {
  registry = await new RegistryUnderTest().start()
  local = new FakeRepository('docker-local')
  registry.directory.add(local)
})
afterEach(() => registry.stop())

describe('every answer', () => {
  it.each(['/v2/', '/v2/nothing', '/v2/docker-local/a/tags/list', '/v2/token', '/v2/A/tags/list'])(
    'of %s carries the API version and a request id (11)',
    async (path) => {
      const answer = await registry.ask('GET', path)
      expect(answer.headers['docker-distribution-api-version']).toBe('registry/2.0')
      expect(answer.headers['x-request-id']).toBe('request-1')
      expect(answer.headers['set-cookie']).toBeUndefined()
    },
  )
})

describe('paths', () => {
  it('answer 404 JSON for a route that is not there (24)', async () => {
    for (const path of [
      '/v2/a',
      '/v2/_oci/ext/discover',
      '/v2/docker-local/a/_oci/ext/discover',
      '/elsewhere',
    ]) {
      const answer = await registry.ask('GET', path)
      expect([answer.status, answer.headers['content-type']]).toEqual([404, 'application/json'])
    }
  })

  it.each([
    ['PUT', '/v2/', 'GET, HEAD'],
    ['DELETE', '/v2/token', 'GET, POST'],
    ['POST', '/v2/_catalog', 'GET'],
    ['POST', '/v2/docker-local/a/manifests/x', 'GET, HEAD, PUT, DELETE'],
    ['PUT', '/v2/docker-local/a/blobs/sha256:00', 'GET, HEAD, DELETE'],
    ['GET', '/v2/docker-local/a/blobs/uploads/', 'POST'],
    ['POST', '/v2/docker-local/a/blobs/uploads/1', 'GET, PATCH, PUT, DELETE'],
    ['DELETE', '/v2/docker-local/a/tags/list', 'GET'],
    ['OPTIONS', '/v2/docker-local/a/tags/list', 'GET'],
  ])('answer %s %s with 405 and Allow (24)', async (method, path, allow) => {
    const answer = await registry.ask(method, path)
    expect([answer.status, answer.code, answer.headers['allow']]).toEqual([405, 'UNSUPPORTED', allow])
  })

  it.each([
    '/v2/docker-local/App/manifests/x',
    '/v2/docker-local/../docker-local/a/manifests/x',
    '/v2/docker-local/%2e%2e/manifests/x',
    '/v2/docker-local/a%2fb/manifests/x',
    '/v2/docker-local/a%00/manifests/x',
    '/v2/docker-local//a/manifests/x',
    '/v2//a/manifests/x',
    '/v2/docker-local/a%zz/manifests/x',
    '/v2/docker-local/-a/tags/list',
    '/v2/docker-local/a-/tags/list',
    `/v2/docker-local/${'a/'.repeat(200)}b/tags/list`,
    '/v2/docker-local/../../etc/passwd/blobs/uploads/',
    '/v2/docker-local/a%5cb/referrers/sha256:00',
  ])('refuse the name in %s with 400 NAME_INVALID (13, 15)', async (path) => {
    const method = path.endsWith('uploads/') ? 'POST' : 'GET'
    const answer = await registry.ask(method, path)
    expect([answer.status, answer.code]).toEqual([400, 'NAME_INVALID'])
  })

  it.each([
    ['GET', '/v2/docker-local/a/manifests/.bad', 'TAG_INVALID'],
    ['PUT', '/v2/docker-local/a/manifests/-bad', 'TAG_INVALID'],
    ['GET', '/v2/docker-local/a/manifests/a%00b', 'TAG_INVALID'],
    ['GET', `/v2/docker-local/a/manifests/${'t'.repeat(129)}`, 'TAG_INVALID'],
    ['PUT', '/v2/docker-local/a/manifests/sha256:baddigeststring', 'DIGEST_INVALID'],
    ['GET', '/v2/docker-local/a/manifests/sha256:baddigeststring', 'DIGEST_INVALID'],
    ['GET', `/v2/docker-local/a/blobs/sha256:${'A'.repeat(64)}`, 'DIGEST_INVALID'],
    ['GET', `/v2/docker-local/a/blobs/md5:${'a'.repeat(32)}`, 'DIGEST_INVALID'],
    ['GET', '/v2/docker-local/a/blobs/..', 'DIGEST_INVALID'],
    ['GET', '/v2/docker-local/a/referrers/sha256:zz', 'DIGEST_INVALID'],
    ['DELETE', '/v2/docker-local/a/blobs/sha256:', 'DIGEST_INVALID'],
  ])('refuse the reference in %s %s (17, 18, 19, 20)', async (method, path, code) => {
    const answer = await registry.ask(method, path)
    expect([answer.status, answer.code]).toEqual([400, code])
  })

  it('reach the same handler under /artifactory/api/docker/<key>/v2, in the coordinates used (25)', async () => {
    local.addTags('team/app', 'a', 'b')
    const answer = await registry.ask('GET', '/artifactory/api/docker/docker-local/v2/team/app/tags/list?n=1')
    expect(answer.json()).toEqual({ name: 'team/app', tags: ['a'] })
    expect(answer.headers['link']).toBe(
      '</artifactory/api/docker/docker-local/v2/team/app/tags/list?n=1&last=a>; rel="next"',
    )
    expect((await registry.ask('GET', '/artifactory/api/docker/docker-local/v2/')).status).toBe(200)
  })

  it('are addressed by the first label of the host too (25)', async () => {
    local.addTags('team/app', 'a')
    const headers = { host: 'docker-local.registry.example' }
    const answer = await registry.ask('GET', '/v2/team/app/tags/list', { headers })
    expect(answer.json()).toEqual({ name: 'team/app', tags: ['a'] })
  })

  it('use ?ns= where nothing else says the repository, and say so (86)', async () => {
    const hub = new FakeRepository('docker-hub', { kind: 'remote' })
    registry.directory.add(hub, 'docker.io')
    hub.addTags('library/alpine', 'a', 'b')
    const answer = await registry.ask('GET', '/v2/library/alpine/tags/list?ns=docker.io&n=1')
    expect([answer.status, answer.headers['oci-namespace']]).toEqual([200, 'docker.io'])
    expect(answer.headers['link']).toBe('</v2/library/alpine/tags/list?n=1&last=a&ns=docker.io>; rel="next"')
    const byPath = await registry.ask('GET', '/v2/docker-hub/library/alpine/tags/list?ns=docker.io')
    expect([byPath.status, byPath.headers['oci-namespace']]).toEqual([200, undefined])
  })

  it.each([
    ['GET', '/v2/nowhere/app/tags/list', 404, 'NAME_UNKNOWN'],
    ['GET', '/v2/nowhere/app/manifests/latest', 404, 'MANIFEST_UNKNOWN'],
    ['GET', `/v2/nowhere/app/blobs/${digestOf(Buffer.alloc(0))}`, 404, 'BLOB_UNKNOWN'],
    ['POST', '/v2/nowhere/app/blobs/uploads/', 404, 'NAME_UNKNOWN'],
    ['PUT', '/v2/nowhere/app/manifests/latest', 404, 'NAME_UNKNOWN'],
  ])('answer %s %s with %d %s, for there is no such repository (26)', async (method, path, status, code) => {
    const answer = await registry.ask(method, path)
    expect([answer.status, answer.code]).toEqual([status, code])
  })
})

describe('GET /v2/', () => {
  it('answers {} to whoever is logged in (28)', async () => {
    const answer = await registry.ask('GET', '/v2/', { as: 'alice' })
    expect([answer.status, answer.headers['content-type'], answer.headers['content-length']]).toEqual([
      200,
      'application/json',
      '2',
    ])
    expect(answer.bytes.toString()).toBe('{}')
  })

  it('answers to HEAD without the body, and to /v2 as to /v2/ (22, 28)', async () => {
    const head = await registry.ask('HEAD', '/v2/')
    expect([head.status, head.bytes.length, head.headers['content-length']]).toEqual([200, 0, '2'])
    expect((await registry.ask('GET', '/v2')).status).toBe(200)
  })
})

describe('errors', () => {
  it('have a status and a wire code of the protocol for every code', () => {
    for (const code of errorCodes) {
      expect(errorTable[code].status).toBeGreaterThanOrEqual(400)
      expect(errorTable[code].wireCode).toMatch(/^[A-Z_]+$/)
    }
  })

  it('tell an unknown fault by the request id alone, and log it with its stack', async () => {
    local.failure = new Error('password=hunter2 at 10.0.0.3')
    const answer = await registry.ask('GET', '/v2/docker-local/a/manifests/x')
    expect(answer.status).toBe(500)
    expect(answer.json()).toEqual({
      errors: [{ code: 'UNKNOWN', message: 'internal error', detail: { requestId: 'request-1' } }],
    })
    const line = registry.logger.lines.find(({ level }) => level === 'error')
    expect(line?.fields).toMatchObject({ err: local.failure, requestId: 'request-1', route: 'manifest' })
  })

  it('have the body of the protocol, with the detail (194)', async () => {
    const answer = await registry.ask('GET', '/v2/docker-local/a/manifests/nope')
    expect(answer.json()).toEqual({
      errors: [
        {
          code: 'MANIFEST_UNKNOWN',
          message: 'manifest unknown',
          detail: { name: 'docker-local/a', reference: 'nope' },
        },
      ],
    })
  })

  it('have no body after HEAD (196)', async () => {
    const answer = await registry.ask('HEAD', '/v2/docker-local/a/manifests/nope')
    expect([answer.status, answer.bytes.length]).toEqual([404, 0])
  })

  it.each([
    ['UPSTREAM_FAILED', 502],
    ['UPSTREAM_UNAVAILABLE', 503],
    ['UPSTREAM_TIMEOUT', 504],
    ['UNAVAILABLE', 503],
    ['STORAGE_FULL', 413],
    ['CONFLICT', 409],
  ] as const)('show a failure %s as %d, never as absence (195, 198)', async (code, status) => {
    local.failure = new RegistryError(code, 'that is how it is')
    const answer = await registry.ask('GET', '/v2/docker-local/a/manifests/x')
    expect(answer.status).toBe(status)
    expect(answer.json()).toMatchObject({ errors: [{ message: 'that is how it is' }] })
  })

  it('say when to try again (197)', async () => {
    local.failure = new RegistryError('TOO_MANY_REQUESTS', 'slow down', { retryAfterSeconds: 1.2 })
    const answer = await registry.ask('GET', '/v2/docker-local/a/manifests/x')
    expect([answer.status, answer.code, answer.headers['retry-after']]).toEqual([429, 'TOOMANYREQUESTS', '2'])
  })

  it('never show their cause', async () => {
    local.failure = new RegistryError('UPSTREAM_FAILED', 'no luck', { cause: new Error('10.0.0.3') })
    const answer = await registry.ask('GET', '/v2/docker-local/a/manifests/x')
    expect(answer.bytes.toString()).not.toContain('10.0.0.3')
  })
})

describe('the access log and the metrics', () => {
  it('tell of each request, without secrets and query values', async () => {
    const digest = local.addManifest('a', Buffer.from('{}'), mediaTypes.ociManifest, 'x')
    local.cache = 'stale'
    await registry.ask('GET', '/v2/docker-local/a/manifests/x?secret=hunter2', { as: 'root' })
    const line = registry.logger.lines.find(({ message }) => message === 'request')
    expect(line?.fields).toEqual({
      requestId: 'request-1',
      principal: 'root',
      route: 'manifest',
      method: 'GET',
      status: 200,
      repository: 'docker-local',
      image: 'a',
      item: 'x',
      cache: 'stale',
      bytesIn: 0,
      bytesOut: 2,
      ms: 1.5,
    })
    expect(JSON.stringify(registry.logger.lines)).not.toContain('hunter2')
    expect(registry.finished).toEqual([
      {
        route: 'manifest',
        method: 'GET',
        status: 200,
        repository: 'docker-local',
        bytesIn: 0,
        bytesOut: 2,
        cache: 'stale',
        milliseconds: 1.5,
      },
    ])
    expect(digest).toMatch(/^sha256:/)
  })

  it('hold nothing of the client’s for a route or repository that is not there', async () => {
    await registry.ask('GET', '/v2/forged/name/nothing')
    await registry.ask('GET', '/v2/forged/name/tags/list')
    expect(registry.finished.map(({ route, repository }) => [route, repository])).toEqual([
      ['unmatched', undefined],
      ['tags', undefined],
    ])
  })

  it('count the bytes of a body, and a client that left as 499', async () => {
    const finished = registry.nextFinished()
    const socket = connect(registry.port, '127.0.0.1')
    socket.on('error', () => undefined)
    const authorization = `Basic ${Buffer.from('root:root:secret').toString('base64')}`
    socket.write(
      `PUT /v2/docker-local/a/manifests/x HTTP/1.1\r\nHost: a\r\nAuthorization: ${authorization}\r\nContent-Length: 100\r\n\r\n{"half`,
    )
    await new Promise((resolve) => setTimeout(resolve, 50))
    socket.destroy()
    expect(await finished).toMatchObject({ status: 499, bytesIn: 6, route: 'manifest' })
    expect(local.content.size).toBe(0)
    expect(registry.logger.lines.filter(({ level }) => level === 'error')).toEqual([])
  })
})

describe('who leaves before the answer to a login', () => {
  const form = 'grant_type=password&username=root&password=wrong'
  it.each([
    ['of a route for one image', 'GET', '/v2/docker-local/a/tags/list', ''],
    ['of a route for all', 'GET', '/v2/', ''],
    ['of the token endpoint', 'GET', '/v2/token', ''],
    ['of a form', 'POST', '/v2/token', form],
  ])('ends the wait for it, %s', async (_what, method, path, body) => {
    const socket = connect(registry.port, '127.0.0.1')
    socket.on('error', () => undefined)
    const finished = registry.nextFinished()
    let isOver = false
    registry.identity.wait = async (client) => {
      const left = once(client?.signal ?? new EventTarget(), 'abort')
      socket.destroy()
      await left
      isOver = true
    }
    const authorization = `Basic ${Buffer.from('root:wrong').toString('base64')}`
    const type = 'Content-Type: application/x-www-form-urlencoded'
    const head = `${method} ${path} HTTP/1.1\r\nHost: a\r\nAuthorization: ${authorization}\r\n${type}`
    socket.write(`${head}\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
    expect(await finished).toMatchObject({ status: 499 })
    await vi.waitFor(() => expect(isOver).toBe(true))
    expect(registry.logger.lines.filter(({ level }) => level === 'error')).toEqual([])
  })
})
