import { digestOf } from '@entrepot/kernel'
import { mediaTypes } from '@entrepot/oci-model'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FakeRepository, RegistryUnderTest } from './testing/index.js'

let registry: RegistryUnderTest
let secret: FakeRepository
let open: FakeRepository

const bytes = Buffer.from('{"schemaVersion":2}')
const manifest = Buffer.from(
  JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: [] }),
)

beforeEach(async () => {
  registry = await new RegistryUnderTest({ defaultRepository: 'open' }).start()
  secret = new FakeRepository('secret')
  open = new FakeRepository('open')
  registry.directory.add(secret)
  registry.directory.add(open)
  secret.addManifest('app', manifest, mediaTypes.ociIndex, 'x')
  registry.policy.grants.push({ principal: 'alice', repository: 'open', actions: ['read', 'deploy'] })
})
afterEach(() => registry.stop())

describe('where a name may also be meant for a default repository', () => {
  const shape = async (method: string, path: string, as: string) => {
    const answer = await registry.ask(method, path, method === 'PUT' ? { as, body: manifest } : { as })
    const { headers } = answer
    return [answer.status, headers['www-authenticate'], answer.bytes.toString()].map((part) =>
      String(part).replaceAll('secret', '?').replaceAll('nowhere', '?'),
    )
  }

  it.each([
    ['GET', 'manifests/x'],
    ['HEAD', 'manifests/x'],
    ['GET', `blobs/${digestOf(bytes)}`],
    ['GET', 'tags/list'],
    ['GET', `referrers/${digestOf(bytes)}`],
    ['PUT', 'manifests/y'],
    ['DELETE', 'manifests/x'],
  ])('%s %s does not tell a closed key from one that nobody has', async (method, rest) => {
    const token = (key: string) => registry.bearer('alice', `repository:${key}/app:pull,push,delete`)
    for (const credentials of [async () => 'alice', token, async () => '']) {
      const closed = await shape(method, `/v2/secret/app/${rest}`, await credentials('secret'))
      const absent = await shape(method, `/v2/nowhere/app/${rest}`, await credentials('nowhere'))
      expect(closed).toEqual(absent)
    }
    expect([...secret.imageNamed('app').tags.keys()]).toEqual(['x'])
  })

  it('a mount does not either', async () => {
    const digest = secret.addBlob('app', bytes)
    const mount = (from: string) =>
      registry.ask('POST', `/v2/open/app/blobs/uploads/?mount=${digest}&from=${from}/app`, { as: 'alice' })
    expect([(await mount('secret')).status, (await mount('nowhere')).status]).toEqual([202, 202])
    open.addBlob('secret/app', bytes)
    expect((await mount('secret')).status).toBe(201)
  })

  it('an image of the default repository is reached although a closed key is named like its folder', async () => {
    open.addManifest('secret/app', manifest, mediaTypes.ociIndex, 'mine')
    const found = await registry.ask('GET', '/v2/secret/app/manifests/mine', { as: 'alice' })
    expect([found.status, found.headers['x-artifactory-docker-registry']]).toEqual([200, 'open'])
    const asRoot = await registry.ask('GET', '/v2/secret/app/manifests/x')
    expect([asRoot.status, asRoot.headers['x-artifactory-docker-registry']]).toEqual([200, 'secret'])
  })

  it('whoever may do anything there is told what they may not', async () => {
    registry.policy.grants.push({ principal: 'alice', repository: 'secret', actions: ['read'] })
    const refused = await registry.ask('PUT', '/v2/secret/app/manifests/y', { as: 'alice', body: manifest })
    expect([refused.status, refused.code]).toEqual([403, 'DENIED'])
    expect(open.content.size).toBe(0)
  })
})

describe('where a host or a namespace may name a repository', () => {
  beforeEach(() => {
    registry.directory.add(new FakeRepository('hub', { kind: 'remote' }), 'hub.example')
    open.addManifest('app', manifest, mediaTypes.ociIndex, 'x')
    registry.policy.grants.push({
      principal: 'alice',
      repository: 'hub',
      actions: ['deploy'],
      image: 'other',
    })
  })

  const shape = async (path: string, host: string, as: string) => {
    const { status, headers, bytes: body } = await registry.ask('GET', path, { as, headers: { host } })
    return [
      status,
      headers['www-authenticate'],
      headers['x-artifactory-docker-registry'],
      body.toString(),
    ].map((part) => String(part).replaceAll(/secret|nowhere|hub/g, '?'))
  }

  it.each(['/v2/app/manifests/x', '/v2/app/tags/list', '/v2/_catalog', '/v2/secret/app/manifests/x'])(
    'a closed host is answered %s as one that nobody has',
    async (path) => {
      const token = await registry.bearer('alice', 'repository:app:pull', 'registry:catalog:*')
      for (const as of ['alice', token, '']) {
        const closed = await shape(path, 'secret.example', as)
        expect(closed).toEqual(await shape(path, 'nowhere.example', as))
      }
      expect((await shape(path, 'secret.example', 'root'))[0]).not.toBe('401')
    },
  )

  it('a closed namespace is answered as one that nobody has', async () => {
    const path = (host: string) => `/v2/app/manifests/x?ns=${host}`
    const closed = await shape(path('hub.example'), 'localhost', 'alice')
    expect(closed).toEqual(await shape(path('nowhere.example'), 'localhost', 'alice'))
    expect(closed[0]).toBe('200')
  })

  it('a token says nothing of closed keys and hosts', async () => {
    registry.policy.grants.push({ principal: 'alice', repository: 'hub', actions: ['read'], image: 'app' })
    const granted = async (key: string, host = 'localhost') => {
      const headers = { 'content-type': 'application/x-www-form-urlencoded', host }
      const body = `grant_type=password&username=alice&password=alice:secret&scope=repository:${key}:pull,push`
      const answer = await registry.ask('POST', '/v2/token', { as: '', headers, body })
      return String(answer.json()['scope']).replaceAll(/secret|nowhere/g, '?')
    }
    expect(await granted('secret/app')).toBe(await granted('nowhere/app'))
    expect(await granted('app', 'secret.example')).toBe(await granted('app', 'nowhere.example'))
  })
})

describe('a token for a name that only a namespace can place', () => {
  it('is for the whole name, as the remote will have it', async () => {
    const bare = await new RegistryUnderTest().start()
    try {
      bare.directory.add(new FakeRepository('hub', { kind: 'remote' }), 'hub.example')
      bare.policy.grants.push({
        principal: 'alice',
        repository: 'hub',
        actions: ['read'],
        image: 'library/alpine',
      })
      const as = await bare.bearer('alice', 'repository:library/alpine:pull')
      const path = '/v2/library/alpine/manifests/x?ns=hub.example'
      expect((await bare.ask('GET', path, { as })).code).toBe('MANIFEST_UNKNOWN')
    } finally {
      await bare.stop()
    }
  })
})
