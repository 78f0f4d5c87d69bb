import { randomBytes } from 'node:crypto'
import { type Digest, digestOf } from '@entrepot/kernel'
import { imageOf, Workbench } from '@entrepot/oci-repository/testing'
import { userPrincipal } from '@entrepot/kernel/testing'
import type { RepositoryKey } from '@entrepot/repositories'
import { localConfig, remoteConfig, virtualConfig } from '@entrepot/repositories/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ImagePattern } from './match-path.js'
import { type Endpoints, routesOf } from './routes.js'
import { type Answer, RegistryUnderTest } from './testing/index.js'

const image = 'team/app'
/** Of a layer that nobody has pushed. */
const absentBody = imageOf([Buffer.from('nobody has this')])
const absentDigest = digestOf(absentBody)
const absentUpload = '00000000-0000-4000-8000-000000000000'

/** The table itself, without what stands behind it: a new route without a row here fails. */
const routes = routesOf(
  new Proxy({}, { get: () => new Proxy({}, { get: () => undefined }) }) as unknown as Endpoints,
)
const imageRoutes = routes.flatMap(({ method, pattern }) =>
  pattern === 'base' || pattern === 'token' || pattern === 'catalog' ? [] : [{ method, pattern }],
)

let registry: RegistryUnderTest
let bench: Workbench
let manifest: Digest
let layer: Digest
let upload: string
let secretBody: Buffer

beforeAll(async () => {
  bench = new Workbench()
  await bench.add(
    localConfig('local'),
    remoteConfig('hub', 'http://127.0.0.1:1'),
    virtualConfig('all', ['local', 'hub'], { defaultDeploymentRepo: 'local' as RepositoryKey }),
    virtualConfig('outer', ['all']),
  )
  registry = await new RegistryUnderTest().start()
  for (const repository of bench.repositories.all()) registry.directory.add(repository)
  layer = await bench.pushBlob('local', image, randomBytes(16))
  manifest = (await bench.pushImage('local', image, 'secret')).digest
  secretBody = (await bench.pull('local', image, manifest))!.value.bytes
  const writer = bench.repository('local').writer!
  const somebody = bench.context({ principal: userPrincipal('somebody') })
  upload = (await writer.startUpload(image as never, somebody)).id
})
afterAll(async () => {
  await registry.stop()
  await bench.close()
})

/** What stands after the name, by pattern: of what is there, and of what isn't. */
function items(pattern: ImagePattern): {
  readonly there: readonly string[]
  readonly absent: readonly string[]
} {
  switch (pattern) {
    case 'manifest':
      return {
        there: ['manifests/secret', `manifests/${manifest}`],
        absent: ['manifests/nowhere', `manifests/${absentDigest}`],
      }
    case 'blob':
      return { there: [`blobs/${layer}`], absent: [`blobs/${absentDigest}`] }
    case 'uploads':
      return {
        there: [
          'blobs/uploads/',
          `blobs/uploads/?mount=${layer}`,
          `blobs/uploads/?mount=${layer}&from=local/team/app`,
        ],
        absent: [
          'blobs/uploads/',
          `blobs/uploads/?mount=${absentDigest}`,
          `blobs/uploads/?mount=${layer}&from=nowhere/none/app`,
        ],
      }
    case 'upload':
      return { there: [`blobs/uploads/${upload}`], absent: [`blobs/uploads/${absentUpload}`] }
    case 'tags':
      return {
        there: ['tags/list', 'tags/list?n=0', 'tags/list?last=a'],
        absent: ['tags/list', 'tags/list?n=0', 'tags/list?last=a'],
      }
    case 'referrers':
      return { there: [`referrers/${manifest}`], absent: [`referrers/${absentDigest}`] }
  }
}

/** Everything that a client can see, the names and digests that it sent and the ids of new uploads aside. */
function seen(answer: Answer, ...names: readonly string[]): unknown {
  const { date: _date, 'x-request-id': _id, 'content-length': _length, ...headers } = answer.headers
  let text = JSON.stringify([answer.status, headers, answer.bytes.toString()])
  for (const name of names.filter((it) => it !== '')) text = text.replaceAll(name, '?')
  const made = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|sha256:[0-9a-f]{64}/g
  return text.replaceAll(made, '?')
}

const bodyOf = (path: string) => (path.includes(absentDigest) ? absentBody : secretBody)

const asked = (text: string) =>
  text.split(/[/?&=]/).filter((part) => part.length > 8 || part === 'secret' || part === 'nowhere')

async function compare(method: string, there: string, absent: string, as: string): Promise<void> {
  const ask = (path: string) =>
    registry.ask(method, `/v2/${path}`, method === 'PUT' ? { as, body: bodyOf(path) } : { as })
  const [shown, hidden] = [await ask(there), await ask(absent)]
  const namesOf = (path: string) => {
    const name = /^(.*?)\/(?:manifests|blobs|tags|referrers)\//.exec(path)?.[1] ?? ''
    return ['local/team/app', 'nowhere/none/app', name, name.slice(name.indexOf('/') + 1), ...asked(path)]
  }
  expect(seen(shown, ...namesOf(there))).toEqual(seen(hidden, ...namesOf(absent)))
}

describe('to a caller without rights', () => {
  const callers = [
    ['with a password', async () => 'alice'],
    [
      'with a token that was asked for',
      (name: string) => registry.bearer('alice', `repository:${name}:pull,push,delete`),
    ],
    ['with an anonymous answer', async () => ''],
  ] as const

  describe.each(callers)('%s', (_, credentials) => {
    describe.each(['local', 'hub', 'all', 'outer'])('repository %s', (key) => {
      it.each(imageRoutes)('$method $pattern answers alike what is there and what is not', async (route) => {
        const { there, absent } = items(route.pattern)
        const as = await credentials(`${key}/${image}`)
        for (const [position, item] of there.entries()) {
          const other = absent[position] ?? ''
          await compare(route.method, `${key}/${image}/${item}`, `${key}/${image}/${other}`, as)
          await compare(route.method, `${key}/${image}/${item}`, `${key}/none/app/${other}`, as)
          await compare(route.method, `${key}/${image}/${item}`, `nowhere/${image}/${other}`, as)
        }
      })
    })
  })

  it.each(['UPPER', '-a', 'a..b'])('a bad name %s says nothing of the key before it', async (name) => {
    for (const as of ['alice', '']) {
      const shown = await registry.ask('GET', `/v2/local/${name}/tags/list`, { as })
      const hidden = await registry.ask('GET', `/v2/nowhere/${name}/tags/list`, { as })
      expect(seen(shown, 'local')).toEqual(seen(hidden, 'nowhere'))
    }
  })

  it('the catalog is empty, and a token for all of it grants nothing', async () => {
    const answer = await registry.ask('GET', '/v2/_catalog', { as: 'alice' })
    expect([answer.status, answer.json()]).toEqual([200, { repositories: [] }])
    const byPrefix = (key: string) =>
      registry.ask('GET', `/artifactory/api/docker/${key}/v2/_catalog`, { as: 'alice' })
    expect(seen(await byPrefix('local'), 'local')).toEqual(seen(await byPrefix('nowhere'), 'nowhere'))
    const scopes = (name: string) =>
      registry.ask('GET', `/v2/token?scope=repository:${name}:*`, { as: 'alice' })
    const tokens = [await scopes('local/team/app'), await scopes('nowhere/team/app')]
    expect(tokens.map(({ status }) => status)).toEqual([200, 200])
    expect((await registry.ask('GET', '/v2/token', { as: '' })).status).toBe(401)
  })
})

describe('to a caller with rights to other tags', () => {
  const everything = ['read', 'deploy', 'overwrite', 'delete'] as const

  beforeAll(async () => {
    await bench.pushImage('local', image, 'open')
    registry.policy.grants.push({
      principal: 'alice',
      repository: 'local',
      tags: ['open'],
      actions: everything,
    })
  })

  describe.each(['local', 'all', 'outer'])('repository %s', (key) => {
    it('has what the tag reaches', async () => {
      expect((await registry.ask('GET', `/v2/${key}/${image}/manifests/open`, { as: 'alice' })).status).toBe(
        200,
      )
      const tags = await registry.ask('GET', `/v2/${key}/${image}/tags/list`, { as: 'alice' })
      expect(tags.json()['tags']).toEqual(['open'])
      const catalog = await registry.ask('GET', '/v2/_catalog', { as: 'alice' })
      expect(catalog.json()['repositories']).toContain(`${key}/${image}`)
    })

    it.each(imageRoutes)(
      '$method $pattern answers alike what they may not see and what is not there',
      async (route) => {
        const { there, absent } = items(route.pattern)
        // What is about the whole image is about the part of it that they may see.
        if (route.pattern === 'tags') return
        for (const [position, item] of there.entries()) {
          const withoutRight = route.pattern === 'uploads' && item === 'blobs/uploads/'
          if (withoutRight) continue
          await compare(
            route.method,
            `${key}/${image}/${item}`,
            `${key}/${image}/${absent[position] ?? ''}`,
            'alice',
          )
        }
      },
    )

    it('an image of which they may see no tag is no image', async () => {
      await bench.pushImage('local', 'team/closed', 'secret')
      await compare('GET', `${key}/team/closed/tags/list`, `${key}/none/app/tags/list`, 'alice')
      const catalog = await registry.ask('GET', '/v2/_catalog', { as: 'alice' })
      expect(catalog.json()['repositories']).not.toContain(`${key}/team/closed`)
    })
  })
})

describe('with anonymous rights to read', () => {
  beforeAll(() => {
    registry.policy.grants.push({
      principal: 'anonymous',
      repository: 'local',
      tags: ['open'],
      actions: ['read'],
    })
  })

  it('plain requests are still told to fetch a token, which needs no login', async () => {
    const path = `/v2/local/${image}/manifests/open`
    const plain = await registry.ask('GET', path, { as: '' })
    expect([plain.status, plain.headers['www-authenticate']]).toEqual([
      401,
      expect.stringContaining(`scope="repository:local/${image}:pull"`) as string,
    ])
    expect((await registry.ask('GET', '/v2/', { as: '' })).status).toBe(401)
    const token = await registry.ask('GET', `/v2/token?scope=repository:local/${image}:pull`, { as: '' })
    const as = `Bearer ${String(token.json()['token'])}`
    expect((await registry.ask('GET', path, { as })).status).toBe(200)
    expect((await registry.ask('GET', '/v2/', { as })).status).toBe(200)
    expect((await registry.ask('GET', `/v2/local/${image}/manifests/secret`, { as })).status).toBe(404)
    expect((await registry.ask('GET', `/v2/local/${image}/tags/list`, { as })).json()['tags']).toEqual([
      'open',
    ])
    expect((await registry.ask('DELETE', path, { as })).status).toBe(401)
  })
})
