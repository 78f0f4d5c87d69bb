import { digestOf } from '@entrepot/kernel'
import { mediaTypes } from '@entrepot/oci-model'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Answer, FakeRepository, RegistryUnderTest } from './testing/index.js'

let registry: RegistryUnderTest
let local: FakeRepository

beforeEach(async () => {
  registry = await new RegistryUnderTest().start()
  local = new FakeRepository('docker-local')
  registry.directory.add(local)
})
afterEach(() => registry.stop())

/** Follows `Link` to the end. */
async function pages(path: string, field: string): Promise<unknown[]> {
  const lists: unknown[] = []
  for (let next: string | undefined = path; next !== undefined;) {
    const answer: Answer = await registry.ask('GET', next)
    expect(answer.status).toBe(200)
    lists.push(answer.json()[field])
    next = /^<(.+)>; rel="next"$/.exec(String(answer.headers['link']))?.[1]
  }
  return lists
}

describe('the tag list', () => {
  const path = '/v2/docker-local/team/app/tags/list'
  const ask = (query = '') => registry.ask('GET', path + query)

  beforeEach(() => local.addTags('team/app', 'b', 'a', 'C', 'latest', '1.0'))

  it('has the name as it was asked for, and the tags by code point (176, 177)', async () => {
    const answer = await ask()
    expect(answer.json()).toEqual({ name: 'docker-local/team/app', tags: ['1.0', 'C', 'a', 'b', 'latest'] })
    expect(answer.headers['content-type']).toBe('application/json')
    expect(answer.headers['link']).toBeUndefined()
  })

  it('is paged with a Link that has the repository key (178)', async () => {
    const answer = await ask('?n=2')
    expect(answer.json()['tags']).toEqual(['1.0', 'C'])
    expect(answer.headers['link']).toBe(`<${path}?n=2&last=C>; rel="next"`)
    expect(await pages(`${path}?n=2`, 'tags')).toEqual([['1.0', 'C'], ['a', 'b'], ['latest']])
  })

  it('is empty for n=0, without a Link (179)', async () => {
    const answer = await ask('?n=0')
    expect([answer.status, answer.json()['tags'], answer.headers['link']]).toEqual([200, [], undefined])
  })

  it.each(['-1', 'x', '', '1.5', '2147483648', '99999999999', '0x10', '%201'])(
    'refuses n=%s (179)',
    async (n) => {
      const answer = await ask(`?n=${n}`)
      expect([answer.status, answer.code]).toEqual([400, 'PAGINATION_NUMBER_INVALID'])
    },
  )

  it('cuts down a large n, and links on (179)', async () => {
    local.addTags('many', ...Array.from({ length: 1001 }, (_, number) => `t${number}`))
    for (const query of ['', '?n=5000', '?n=2147483647']) {
      const answer = await registry.ask('GET', `/v2/docker-local/many/tags/list${query}`)
      expect(answer.json()['tags']).toHaveLength(1000)
      expect(answer.headers['link']).toContain('n=1000&last=')
    }
  })

  it('starts after last, which need not exist, with or without n (180)', async () => {
    expect((await ask('?last=Z')).json()['tags']).toEqual(['a', 'b', 'latest'])
    expect((await ask('?last=a&n=1')).json()['tags']).toEqual(['b'])
    expect((await ask('?last=zzz')).json()['tags']).toEqual([])
    expect((await ask('?last=%00')).status).toBe(400)
  })

  it('of an unknown image is 404 NAME_UNKNOWN, of one without tags is empty (181)', async () => {
    const unknown = await registry.ask('GET', '/v2/docker-local/nobody/tags/list?n=0')
    expect([unknown.status, unknown.code]).toEqual([404, 'NAME_UNKNOWN'])
    local.imageNamed('bare')
    expect((await registry.ask('GET', '/v2/docker-local/bare/tags/list')).json()['tags']).toEqual([])
  })

  it('that may be incomplete says so in Warning, which can not be broken out of (199)', async () => {
    local.warnings = ['upstream "hub"\r\nX: y did not answer', 'x'.repeat(5000)]
    const answer = await ask()
    expect(answer.headers['warning']).toBe(`299 - "upstream 'hub'  X: y did not answer"`)
    expect(answer.headers['x']).toBeUndefined()
  })
})

describe('the catalog', () => {
  beforeEach(() => {
    const dashed = new FakeRepository('docker-local-2')
    registry.directory.add(dashed)
    local.addTags('b', 'x')
    local.addTags('a/c', 'x')
    dashed.addTags('a', 'x')
  })

  it('has the names of all repositories, sorted as names (182)', async () => {
    const answer = await registry.ask('GET', '/v2/_catalog')
    expect(answer.json()).toEqual({
      repositories: ['docker-local-2/a', 'docker-local/a/c', 'docker-local/b'],
    })
  })

  it('is paged over the repositories (182)', async () => {
    const [first, second, third] = ['docker-local-2/a', 'docker-local/a/c', 'docker-local/b']
    expect(await pages('/v2/_catalog?n=1', 'repositories')).toEqual([[first], [second], [third]])
    expect(await pages('/v2/_catalog?n=2', 'repositories')).toEqual([[first, second], [third]])
    expect(await pages('/v2/_catalog?n=3', 'repositories')).toEqual([[first, second, third]])
    expect(await pages('/v2/_catalog?last=docker-local%2F', 'repositories')).toEqual([[second, third]])
    expect(await pages('/v2/_catalog?last=zzz', 'repositories')).toEqual([[]])
    expect(await pages('/v2/_catalog?n=0', 'repositories')).toEqual([[]])
    expect((await registry.ask('GET', '/v2/_catalog?n=-1')).code).toBe('PAGINATION_NUMBER_INVALID')
  })

  it('has only what the caller may read (182)', async () => {
    registry.policy.grants.push({
      principal: 'alice',
      repository: 'docker-local',
      image: 'b',
      actions: ['read'],
    })
    const answer = await registry.ask('GET', '/v2/_catalog', { as: 'alice' })
    expect(answer.json()).toEqual({ repositories: ['docker-local/b'] })
  })

  it('of a host or prefix has its repository’s images only', async () => {
    const byHost = await registry.ask('GET', '/v2/_catalog', { headers: { host: 'docker-local.example' } })
    expect(byHost.json()).toEqual({ repositories: ['a/c', 'b'] })
    const byPrefix = await registry.ask('GET', '/artifactory/api/docker/docker-local/v2/_catalog?n=1')
    expect(byPrefix.json()).toEqual({ repositories: ['a/c'] })
    expect(byPrefix.headers['link']).toBe(
      '</artifactory/api/docker/docker-local/v2/_catalog?n=1&last=a%2Fc>; rel="next"',
    )
    const absent = await registry.ask('GET', '/artifactory/api/docker/nowhere/v2/_catalog')
    expect(absent.json()).toEqual({ repositories: [] })
  })
})

describe('the referrers', () => {
  const subject = digestOf(Buffer.from('subject'))
  const path = `/v2/docker-local/app/referrers/${subject}`

  function refer(artifactType: string, annotations: Record<string, string> = {}): string {
    const config = {
      mediaType: 'application/vnd.oci.empty.v1+json',
      digest: digestOf(Buffer.from('{}')),
      size: 2,
    }
    const bytes = JSON.stringify({
      schemaVersion: 2,
      mediaType: mediaTypes.ociManifest,
      artifactType,
      config,
      layers: [],
      subject: { mediaType: mediaTypes.ociManifest, digest: subject, size: 7 },
      annotations,
    })
    return local.addManifest('app', Buffer.from(bytes), mediaTypes.ociManifest)
  }

  function digestsOf(answer: Answer): readonly string[] {
    return (answer.json()['manifests'] as readonly { digest: string }[]).map(({ digest }) => digest)
  }

  it('are an index, and an empty one of what nobody knows (162, 163)', async () => {
    for (const name of ['docker-local/app', 'docker-local/nobody', 'nowhere/app']) {
      const answer = await registry.ask('GET', `/v2/${name}/referrers/${subject}`)
      expect([answer.status, answer.headers['content-type']]).toEqual([200, mediaTypes.ociIndex])
      expect(JSON.parse(answer.bytes.toString())).toEqual({
        schemaVersion: 2,
        mediaType: mediaTypes.ociIndex,
        manifests: [],
      })
    }
  })

  it('have type, size, artifact type and annotations (165)', async () => {
    const digest = refer('application/vnd.x+json', { a: 'b' })
    const answer = await registry.ask('GET', path)
    expect(JSON.parse(answer.bytes.toString())).toMatchObject({
      manifests: [
        {
          mediaType: mediaTypes.ociManifest,
          digest,
          artifactType: 'application/vnd.x+json',
          annotations: { a: 'b' },
        },
      ],
    })
    expect(answer.headers['oci-filters-applied']).toBeUndefined()
  })

  it.each(['application/vnd.x+json', 'application/vnd.x%2Bjson', 'application%2Fvnd.x%20json'])(
    'are filtered by artifactType=%s, and say so (167, 168)',
    async (artifactType) => {
      const wanted = refer('application/vnd.x+json')
      refer('application/vnd.y')
      const answer = await registry.ask('GET', `${path}?artifactType=${artifactType}`)
      expect(digestsOf(answer)).toEqual([wanted])
      expect(answer.headers['oci-filters-applied']).toBe('artifactType')
    },
  )

  it('of several artifact types are those of any (167)', async () => {
    const both = [refer('a/x'), refer('a/y')].sort()
    refer('a/z')
    const answer = await registry.ask('GET', `${path}?artifactType=a/x&artifactType=a/y`)
    expect(digestsOf(answer)).toEqual(both)
  })

  it('are paged, and the Link keeps the filter (169, 170)', async () => {
    const all = [refer('a/x', { n: '1' }), refer('a/x', { n: '2' }), refer('a/x', { n: '3' })].sort()
    refer('a/y')
    const lists = await pages(`${path}?n=2&artifactType=a/x`, 'manifests')
    expect(lists.flat().map((descriptor) => (descriptor as { digest: string }).digest)).toEqual(all)
    expect(lists).toHaveLength(2)
  })

  it('never make a page of more than 4 MiB, which containerd refuses (169)', async () => {
    const all = ['1', '2', '3'].map((n) => refer('a/x', { n, filler: 'x'.repeat(1_500_000) })).sort()
    const first = await registry.ask('GET', path)
    expect(first.bytes.length).toBeLessThan(4 * 1024 * 1024)
    expect(digestsOf(first)).toEqual(all.slice(0, 2))
    const lists = await pages(path, 'manifests')
    expect(lists.flat()).toHaveLength(3)
  })

  it('of a bad digest are 400 (164)', async () => {
    const answer = await registry.ask('GET', '/v2/docker-local/app/referrers/latest')
    expect([answer.status, answer.code]).toEqual([400, 'DIGEST_INVALID'])
  })
})
