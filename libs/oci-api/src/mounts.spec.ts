import { digestOf } from '@entrepot/kernel'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FakeRepository, RegistryUnderTest } from './testing/index.js'

let registry: RegistryUnderTest
let local: FakeRepository

const path = '/v2/docker-local/team/app/blobs'
const bytes = Buffer.from('0123456789')
const digest = digestOf(bytes)

beforeEach(async () => {
  registry = await new RegistryUnderTest().start()
  local = new FakeRepository('docker-local')
  registry.directory.add(local)
})
afterEach(() => registry.stop())

describe('a mount', () => {
  const mount = (query: string, as = 'root') => registry.ask('POST', `${path}/uploads/?${query}`, { as })

  beforeEach(() => {
    local.addBlob('base', bytes)
  })

  it('from an image that holds the blob answers 201 (131)', async () => {
    const answer = await mount(`mount=${encodeURIComponent(digest)}&from=docker-local%2Fbase&origin=x`)
    expect(answer.status).toBe(201)
    expect(answer.headers).toMatchObject({ location: `${path}/${digest}`, 'docker-content-digest': digest })
    expect((await registry.ask('HEAD', `${path}/${digest}`)).status).toBe(200)
  })

  it('goes across repository keys, and into itself (133, 138)', async () => {
    const other = new FakeRepository('docker-prod')
    registry.directory.add(other)
    other.addBlob('base', bytes)
    expect((await mount(`mount=${digest}&from=docker-prod/base`)).status).toBe(201)
    expect((await mount(`mount=${digest}&from=docker-local/team/app`)).status).toBe(201)
  })

  it('names its source as the client sees it (135)', async () => {
    const prefixed = '/artifactory/api/docker/docker-local/v2/team/app/blobs/uploads/'
    const answer = await registry.ask('POST', `${prefixed}?mount=${digest}&from=base`)
    expect(answer.status).toBe(201)
  })

  it.each(['docker-local/nobody', 'nowhere/base', 'BAD', '..', ''])(
    'from %j, which has no such blob, starts an upload (132)',
    async (from) => {
      const answer = await mount(`mount=${digest}&from=${from}`)
      expect([answer.status, answer.headers['range']]).toEqual([202, '0-0'])
    },
  )

  it('from where the caller may not read starts an upload (132)', async () => {
    registry.policy.grants.push(
      { principal: 'alice', repository: 'docker-local', image: 'team/app', actions: ['deploy', 'read'] },
      { principal: 'alice', repository: 'docker-local', image: 'other', actions: ['read'] },
    )
    expect((await mount(`mount=${digest}&from=docker-local/base`, 'alice')).status).toBe(202)
  })

  it('from where the token does not reach asks for one that does, if the caller may have it (39)', async () => {
    const narrow = await registry.bearer('root', 'repository:docker-local/team/app:pull,push')
    const refused = await mount(`mount=${digest}&from=docker-local/base`, narrow)
    expect([refused.status, refused.headers['www-authenticate']]).toEqual([
      401,
      `Bearer realm="http://127.0.0.1:${registry.port}/v2/token",service="entrepot",scope="repository:docker-local/team/app:pull,push repository:docker-local/base:pull",error="insufficient_scope"`,
    ])
    expect(local.uploads.size).toBe(0)
    registry.policy.grants.push({
      principal: 'alice',
      repository: 'docker-local',
      image: 'team/app',
      actions: ['deploy', 'read'],
    })
    const alices = await registry.bearer('alice', 'repository:docker-local/team/app:pull,push')
    expect((await mount(`mount=${digest}&from=docker-local/base`, alices)).status).toBe(202)
    const wide = await registry.bearer(
      'root',
      'repository:docker-local/team/app:pull,push repository:docker-local/base:pull',
    )
    expect((await mount(`mount=${digest}&from=docker-local/base`, wide)).status).toBe(201)
  })

  it('without a source is the repository’s to find (134)', async () => {
    expect((await mount(`mount=${digest}`)).status).toBe(202)
    local.addBlob('team/app', bytes)
    expect((await mount(`mount=${digest}`)).status).toBe(201)
  })

  it('of no digest is refused', async () => {
    const answer = await mount('mount=nonsense&from=docker-local/base')
    expect([answer.status, answer.code]).toEqual([400, 'DIGEST_INVALID'])
  })
})
