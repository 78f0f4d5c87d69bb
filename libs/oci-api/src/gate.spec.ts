import { digestOf, RegistryError } from '@entrepot/kernel'
import { mediaTypes } from '@entrepot/oci-model'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { basic, FakeRepository, RegistryUnderTest } from './testing/index.js'

let registry: RegistryUnderTest
let local: FakeRepository
let realm: string

const digest = digestOf(Buffer.from('x'))

beforeEach(async () => {
  registry = await new RegistryUnderTest().start()
  realm = `http://127.0.0.1:${registry.port}/v2/token`
  local = new FakeRepository('docker-local')
  registry.directory.add(local)
  local.addManifest('app', Buffer.from('{}'), mediaTypes.ociManifest, 'x')
})
afterEach(() => registry.stop())

function challenge(scope?: string, error?: string): string {
  const parts = [`realm="${realm}"`, 'service="entrepot"']
  if (scope !== undefined) parts.push(`scope="${scope}"`)
  if (error !== undefined) parts.push(`error="${error}"`)
  return `Bearer ${parts.join(',')}`
}

describe('the challenge', () => {
  it('of /v2/ has no scope, and comes even where anonymous may read (29, 32)', async () => {
    registry.policy.grants.push({ principal: 'anonymous', repository: 'docker-local', actions: ['read'] })
    const answer = await registry.ask('GET', '/v2/', { as: '' })
    expect([answer.status, answer.headers['www-authenticate']]).toEqual([401, challenge()])
    expect(answer.headers['content-type']).toBe('application/json')
    expect(answer.json()).toEqual({
      errors: [{ code: 'UNAUTHORIZED', message: 'authentication required', detail: null }],
    })
  })

  it.each([
    ['GET', '/v2/docker-local/app/manifests/x', 'repository:docker-local/app:pull'],
    ['HEAD', '/v2/docker-local/app/manifests/x', 'repository:docker-local/app:pull'],
    ['GET', `/v2/docker-local/app/blobs/${digest}`, 'repository:docker-local/app:pull'],
    ['GET', '/v2/docker-local/app/tags/list', 'repository:docker-local/app:pull'],
    ['GET', `/v2/docker-local/app/referrers/${digest}`, 'repository:docker-local/app:pull'],
    ['PUT', '/v2/docker-local/app/manifests/x', 'repository:docker-local/app:pull,push'],
    ['POST', '/v2/docker-local/app/blobs/uploads/', 'repository:docker-local/app:pull,push'],
    ['PATCH', '/v2/docker-local/app/blobs/uploads/1', 'repository:docker-local/app:pull,push'],
    ['DELETE', '/v2/docker-local/app/blobs/uploads/1', 'repository:docker-local/app:pull,push'],
    ['DELETE', '/v2/docker-local/app/manifests/x', 'repository:docker-local/app:delete'],
    ['DELETE', `/v2/docker-local/app/blobs/${digest}`, 'repository:docker-local/app:delete'],
    ['GET', '/v2/_catalog', 'registry:catalog:*'],
  ])('of %s %s has the scope %s (34, 38, 40, 42)', async (method, path, scope) => {
    const answer = await registry.ask(method, path, { as: '' })
    expect([answer.status, answer.headers['www-authenticate']]).toEqual([401, challenge(scope)])
  })

  it('of a mount has both scopes in one parameter (39)', async () => {
    const path = `/v2/docker-local/app/blobs/uploads/?mount=${digest}&from=docker-local%2Fbase`
    const answer = await registry.ask('POST', path, { as: '' })
    expect(answer.headers['www-authenticate']).toBe(
      challenge('repository:docker-local/app:pull,push repository:docker-local/base:pull'),
    )
  })

  it('can not be broken by what a mount says', async () => {
    const path = `/v2/docker-local/app/blobs/uploads/?mount=${digest}&from=a%22,error=%22b`
    const answer = await registry.ask('POST', path, { as: '' })
    expect(answer.headers['www-authenticate']).toBe(challenge('repository:docker-local/app:pull,push'))
  })

  it('names what was needed in the body too (45)', async () => {
    const answer = await registry.ask('PUT', '/v2/docker-local/app/manifests/x', { as: '' })
    expect(answer.json()).toMatchObject({
      errors: [
        {
          detail: [
            { Type: 'repository', Name: 'docker-local/app', Action: 'pull' },
            { Type: 'repository', Name: 'docker-local/app', Action: 'push' },
          ],
        },
      ],
    })
  })

  it('is in the coordinates of the client (25, 35)', async () => {
    const headers = { host: 'docker-local.registry.example:5000' }
    const byHost = await registry.ask('GET', '/v2/app/tags/list', { as: '', headers })
    expect(byHost.headers['www-authenticate']).toBe(
      'Bearer realm="http://docker-local.registry.example:5000/v2/token",service="entrepot",scope="repository:app:pull"',
    )
  })

  it('is refused to a forged Host', async () => {
    const answer = await registry.ask('GET', '/v2/', { as: '', headers: { host: 'a"b' } })
    expect(answer.status).toBe(400)
  })
})

describe('credentials', () => {
  it('that are wrong get the challenge, and never count as none (30)', async () => {
    const scope = 'repository:docker-local/app:pull'
    for (const path of ['/v2/', '/v2/docker-local/app/manifests/x']) {
      const answer = await registry.ask('GET', path, { as: basic('root', 'wrong') })
      expect([answer.status, answer.headers['www-authenticate']]).toEqual([
        401,
        challenge(path === '/v2/' ? undefined : scope),
      ])
    }
  })

  it('that are a bad token get error="invalid_token" (41)', async () => {
    const answer = await registry.ask('GET', '/v2/docker-local/app/tags/list', { as: 'Bearer forged' })
    expect([answer.status, answer.headers['www-authenticate']]).toEqual([
      401,
      challenge('repository:docker-local/app:pull', 'invalid_token'),
    ])
  })

  it('that can not be checked now are no reason to ask for others', async () => {
    registry.identity.failure = new RegistryError('UNAVAILABLE', 'the directory does not answer')
    const answer = await registry.ask('GET', '/v2/')
    expect([answer.status, answer.headers['www-authenticate']]).toEqual([503, undefined])
  })

  it('that were tried too often get 429 with Retry-After (61)', async () => {
    registry.identity.failure = new RegistryError('TOO_MANY_REQUESTS', 'wait', { retryAfterSeconds: 30 })
    const answer = await registry.ask('GET', '/v2/')
    expect([answer.status, answer.headers['retry-after']]).toEqual([429, '30'])
  })
})

describe('a bearer', () => {
  it('passes /v2/ with a token without scopes (31)', async () => {
    const as = await registry.bearer('alice')
    expect((await registry.ask('GET', '/v2/', { as })).status).toBe(200)
  })

  it('may do what the token and the policy allow', async () => {
    const as = await registry.bearer('root', 'repository:docker-local/app:pull')
    expect((await registry.ask('GET', '/v2/docker-local/app/manifests/x', { as })).status).toBe(200)
    const refused = await registry.ask('DELETE', '/v2/docker-local/app/manifests/x', { as })
    expect([refused.status, refused.headers['www-authenticate']]).toEqual([
      401,
      challenge('repository:docker-local/app:delete', 'insufficient_scope'),
    ])
    expect((await registry.ask('GET', '/v2/docker-local/other/tags/list', { as })).status).toBe(401)
  })

  it('may no longer do what the policy took back after the token was given', async () => {
    registry.policy.grants.push({ principal: 'alice', repository: 'docker-local', actions: ['read'] })
    const as = await registry.bearer('alice', 'repository:docker-local/app:pull')
    expect((await registry.ask('GET', '/v2/docker-local/app/manifests/x', { as })).status).toBe(200)
    registry.policy.grants.length = 0
    const refused = await registry.ask('GET', '/v2/docker-local/app/manifests/x', { as })
    expect([refused.status, refused.headers['www-authenticate']]).toEqual([
      401,
      challenge('repository:docker-local/app:pull', 'insufficient_scope'),
    ])
  })

  it('cancels an upload with a push token (42)', async () => {
    const as = await registry.bearer('root', 'repository:docker-local/app:pull,push')
    const started = await registry.ask('POST', '/v2/docker-local/app/blobs/uploads/', { as })
    const cancelled = await registry.ask('DELETE', String(started.headers['location']), { as })
    expect(cancelled.status).toBe(204)
  })

  it('that asked for push as well is seen to be deploying', async () => {
    const pushing = await registry.bearer('root', 'repository:docker-local/app:pull,push')
    const pulling = await registry.bearer('root', 'repository:docker-local/app:pull')
    for (const as of [pushing, pulling, basic('root')]) {
      await registry.ask('HEAD', '/v2/docker-local/app/manifests/x', { as })
    }
    expect(local.contexts.map(({ deploying }) => deploying)).toEqual([true, false, false])
    expect(local.contexts.every(({ metadataOnly }) => metadataOnly)).toBe(true)
  })

  it('reaches the catalog with its scope only (40)', async () => {
    const without = await registry.bearer('root')
    const refused = await registry.ask('GET', '/v2/_catalog', { as: without })
    expect([refused.status, refused.headers['www-authenticate']]).toEqual([
      401,
      challenge('registry:catalog:*', 'insufficient_scope'),
    ])
    const as = await registry.bearer('root', 'registry:catalog:*')
    expect((await registry.ask('GET', '/v2/_catalog', { as })).status).toBe(200)
  })
})

describe('Basic', () => {
  it('is accepted on every route (finding 2)', async () => {
    expect((await registry.ask('GET', '/v2/docker-local/app/manifests/x')).status).toBe(200)
    expect((await registry.ask('GET', '/v2/_catalog')).status).toBe(200)
  })

  it('without the right gets 403 DENIED and no challenge (43)', async () => {
    const answer = await registry.ask('GET', '/v2/docker-local/app/manifests/x', { as: 'alice' })
    expect([answer.status, answer.code, answer.headers['www-authenticate']]).toEqual([
      403,
      'DENIED',
      undefined,
    ])
  })
})

describe('a caller without rights', () => {
  it.each(['manifests/x', 'manifests/nope', 'tags/list', `blobs/${digest}`, `referrers/${digest}`])(
    'can not tell what is closed from what is not there, for %s (44)',
    async (rest) => {
      const token = await registry.bearer('alice', 'repository:docker-local/app:pull')
      for (const as of ['alice', token, '']) {
        const closed = await registry.ask('GET', `/v2/docker-local/app/${rest}`, { as })
        const absent = await registry.ask('GET', `/v2/nowhere/app/${rest}`, { as })
        expect(closed.status).toBe(absent.status)
        expect(closed.bytes.toString().replaceAll('docker-local', 'nowhere')).toBe(absent.bytes.toString())
      }
    },
  )

  it('learns nothing of where a push would go', async () => {
    const remote = new FakeRepository('docker-hub', { kind: 'remote' })
    registry.directory.add(remote)
    const closed = await registry.ask('POST', '/v2/docker-hub/app/blobs/uploads/', { as: 'alice' })
    expect([closed.status, closed.code]).toEqual([403, 'DENIED'])
  })
})

describe('a virtual repository', () => {
  it('gives nobody more than its members do (234)', async () => {
    const virtual = new FakeRepository('docker', {
      kind: 'virtual',
      isWritable: true,
      leaves: ['docker-local'],
      member: local,
    })
    registry.directory.add(virtual)
    registry.policy.grants.push({ principal: 'alice', repository: 'docker', actions: ['read', 'deploy'] })
    expect((await registry.ask('GET', '/v2/docker/app/manifests/x', { as: 'alice' })).status).toBe(403)
    registry.policy.grants.push({ principal: 'alice', repository: 'docker-local', actions: ['read'] })
    const found = await registry.ask('GET', '/v2/docker/app/manifests/x', { as: 'alice' })
    expect([found.status, found.headers['x-artifactory-docker-registry']]).toEqual([200, 'docker-local'])
    expect((await registry.ask('POST', '/v2/docker/app/blobs/uploads/', { as: 'alice' })).status).toBe(403)
    registry.policy.grants.push({ principal: 'alice', repository: 'docker-local', actions: ['deploy'] })
    const started = await registry.ask('POST', '/v2/docker/app/blobs/uploads/', { as: 'alice' })
    expect([started.status, started.headers['location']]).toEqual([
      202,
      '/v2/docker/app/blobs/uploads/upload-1',
    ])
  })
})

describe('an access token as Bearer', () => {
  const path = '/v2/docker-local/app/manifests/x'

  it('needs no scope: the policy alone decides', async () => {
    expect((await registry.ask('GET', path, { as: 'Bearer access:root' })).status).toBe(200)
    const refused = await registry.ask('GET', path, { as: 'Bearer access:alice' })
    expect([refused.status, refused.code]).toEqual([403, 'DENIED'])
  })

  it('is challenged as an invalid token when it is none', async () => {
    const answer = await registry.ask('GET', path, { as: 'Bearer access:nobody' })
    expect(answer.headers['www-authenticate']).toBe(
      challenge('repository:docker-local/app:pull', 'invalid_token'),
    )
  })
})
