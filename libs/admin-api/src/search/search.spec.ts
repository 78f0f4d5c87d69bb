import { type Digest, digestOf } from '@entrepot/kernel'
import { imageOf } from '@entrepot/oci-repository/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AdminApiApp, errorsOf } from '../testing/admin-api-app.js'

const docker = { packageType: 'docker' }
const url = 'https://registry.example'
const search = '/artifactory/api/search'
const tags = '/artifactory/api/entrepot/search'
const config = Buffer.from(JSON.stringify({ config: { Labels: { team: 'blue', 'any key': 'x=y' } } }))
const shared = Buffer.from('a layer that several images have')

type Ask = { authorization: string }

let app: AdminApiApp
let reader: Ask
let digest: Digest
beforeAll(async () => {
  app = await AdminApiApp.start({ publicUrl: url })
  reader = { authorization: await app.addUser('reader') }
  await app.put('local', { ...docker, rclass: 'local', excludesPattern: 'excluded/**' })
  await app.put('hidden', { ...docker, rclass: 'local' })
  await app.put('remote', { ...docker, rclass: 'remote', url: 'http://127.0.0.1:1' })
  await app.put('virtual', { ...docker, rclass: 'virtual', repositories: ['local', 'hidden', 'remote'] })
  await app.ports.permissions.targets.create({
    name: 'content',
    repositories: ['local'],
    includes: ['team/**'],
    excludes: ['team/app/secret', 'team/app/s?'],
    users: { reader: ['read'] },
    groups: {},
  })
  digest = await push('local', 'team/app', '1.0', { source: 'here' })
  await push('local', 'team/app', 'secret', { source: 'here' })
  await push('local', 'team/web', '1.1', {})
  await push('local', 'other/app', '1.0', { source: 'here' })
  await push('hidden', 'team/app', '1.0', { source: 'here' })
  for (const path of [
    'local/team/app/1.0',
    'local/team/app/secret',
    'local/other/app/1.0',
    'hidden/team/app/1.0',
  ]) {
    await app.send('PUT', `/artifactory/api/storage/${path}?properties=qa=passed;os=linux,win&recursive=0`)
  }
})
afterAll(() => app.close())

async function push(key: string, image: string, tag: string, annotations: object): Promise<Digest> {
  await app.workbench.pushBlob(key, image, shared)
  await app.workbench.pushBlob(key, image, config)
  const descriptor = {
    mediaType: 'application/vnd.oci.image.config.v1+json',
    digest: digestOf(config),
    size: config.length,
  }
  const bytes = imageOf([shared], { config: descriptor, annotations: { ...annotations, key, image, tag } })
  return (await app.workbench.pushManifest(key, image, tag, bytes)).digest
}

const get = (path: string, ask?: Ask, headers: Record<string, string> = {}) =>
  app.send('GET', path, undefined, { ...ask, headers })
const files = async (path: string, ask?: Ask) => {
  const answer = await get(`${search}/${path}`, ask)
  expect([path, answer.status]).toEqual([path, 200])
  const { results } = answer.json as { results: { uri: string }[] }
  return results.map(({ uri }) => uri.replace(`${url}/artifactory/api/storage/`, '')).sort()
}
const found = async (query: string, ask?: Ask) => {
  const answer = await get(`${tags}?${query}`, ask)
  expect([query, answer.status]).toEqual([query, 200])
  const { results } = answer.json as { results: { repo: string; image: string; tag: string }[] }
  return results.map(({ repo, image, tag }) => `${repo}/${image}:${tag}`).sort()
}

const all = [
  'hidden/team/app:1.0',
  'local/other/app:1.0',
  'local/team/app:1.0',
  'local/team/app:secret',
  'local/team/web:1.1',
]
const passed = all.filter((tag) => !tag.includes('web'))
const fileOf = (tag: string) => `${tag.replace(':', '/')}/manifest.json`
const open = ['local/team/app:1.0', 'local/team/web:1.1']

describe('Artifactory’s searches', () => {
  it('find tags by name', async () => {
    expect(await files('artifact?name=app')).toEqual(passed.map(fileOf))
    expect(await files('artifact?name=we')).toEqual(['local/team/web/1.1/manifest.json'])
    expect(await files('artifact?name=1.?&repos=hidden,none')).toEqual(['hidden/team/app/1.0/manifest.json'])
    expect(await files('artifact?name=manifest.json')).toEqual(all.map(fileOf))
    expect(await files('artifact?name=list.manifest.json')).toEqual([])
    const blob = digestOf(shared).replace(':', '__')
    expect(await files(`artifact?name=${blob}&repos=virtual`)).toEqual(
      all.map((tag) => fileOf(tag).replace('manifest.json', blob)),
    )
    expect(await files('artifact?name=none')).toEqual([])
    expect(await files('artifact?name=app&repos=remote,remote-cache')).toEqual([])
  })

  it('find tags by property, and by what a manifest is', async () => {
    expect(await files('prop?qa=passed')).toEqual(passed.map(fileOf))
    expect(await files('prop?qa=failed,pa*&os=win&repos=hidden')).toEqual([
      'hidden/team/app/1.0/manifest.json',
    ])
    expect(await files('prop?os')).toEqual(passed.map(fileOf))
    expect(await files('prop?qa=none')).toEqual([])
    expect(await files('prop?docker.repoName=team/*&docker.manifest=1.*&repos=local')).toEqual(
      open.map(fileOf),
    )
    expect(await files(`prop?sha256=${digest.slice(7)}`)).toEqual(['local/team/app/1.0/manifest.json'])
    expect(await files(`prop?docker.manifest.digest=${digest}`)).toEqual(['local/team/app/1.0/manifest.json'])
    expect(await files('prop?docker.label.any%20key=x%3Dy&qa=passed&repos=local')).toHaveLength(3)
    expect(await files('prop?oci.annotation.source=here&docker.manifest=secret')).toHaveLength(1)
    expect(await files('prop?docker.manifest.type=none')).toEqual([])
    expect(await files('prop?docker.manifest&artifactory.content-type&repos=hidden')).toHaveLength(1)
  })

  it('find manifests and blobs by checksum', async () => {
    expect(await files(`checksum?sha256=${digest.slice(7)}`)).toEqual(['local/team/app/1.0/manifest.json'])
    const hex = digestOf(config).slice(7)
    expect(await files(`checksum?sha256=${hex}&repos=hidden`)).toEqual([`hidden/team/app/1.0/sha256__${hex}`])
    expect(await files(`checksum?sha256=${'0'.repeat(64)}`)).toEqual([])
    const unknown = await get(`${search}/checksum?sha1=${'0'.repeat(40)}`)
    expect([unknown.status, unknown.json, unknown.headers.get('warning')]).toEqual([
      200,
      { results: [] },
      '299 - "sha1 and md5 are not computed: search by sha256"',
    ])
  })

  it('find files by a pattern', async () => {
    const { json } = await get(`${search}/pattern?pattern=local:team/*/1.?/manifest.json`)
    expect(json).toEqual({
      repoUri: `${url}/artifactory/local`,
      sourcePattern: 'local:team/*/1.?/manifest.json',
      files: ['team/app/1.0/manifest.json', 'team/web/1.1/manifest.json'],
    })
    const blobs = await get(`${search}/pattern?pattern=local:team/app/1.0/sha256__*`)
    expect((blobs.json as { files: string[] }).files).toHaveLength(2)
    const exact = await get(`${search}/pattern?pattern=local:team/app/1.0/manifest.json`)
    expect(exact.json).toMatchObject({ files: ['team/app/1.0/manifest.json'] })
    expect((await get(`${search}/pattern?pattern=local:none/**`)).json).toMatchObject({ files: [] })
  })

  it('tell more where that is asked for', async () => {
    const headers = { 'x-result-detail': 'Info, properties' }
    const answer = await get(`${search}/prop?qa=passed&repos=hidden`, undefined, headers)
    expect(answer.json).toMatchObject({
      results: [
        {
          repo: 'hidden',
          path: '/team/app/1.0/manifest.json',
          downloadUri: expect.stringContaining('/v2/team/app/manifests/sha256:'),
          properties: { qa: ['passed'], 'docker.label.team': ['blue'], 'docker.manifest': ['1.0'] },
          uri: `${url}/artifactory/api/storage/hidden/team/app/1.0/manifest.json`,
        },
      ],
    })
    const only = await get(`${search}/prop?qa=passed&repos=hidden`, undefined, {
      'x-result-detail': 'properties',
    })
    const [result] = (only.json as { results: object[] }).results
    expect(Object.keys(result ?? {})).toEqual(['uri', 'properties'])
  })

  it('find nothing that may not be read, as if it were not there', async () => {
    const mine = open.map(fileOf)
    expect(await files('artifact?name=*', reader)).toEqual(mine)
    expect(await files('artifact?name=app&repos=virtual', reader)).toEqual([mine[0]])
    expect(await files('prop?qa=passed', reader)).toEqual([mine[0]])
    expect(
      await files(`checksum?sha256=${digestOf(config).slice(7)}&repos=local,hidden`, reader),
    ).toHaveLength(2)
    const { json } = await get(`${search}/pattern?pattern=local:**/manifest.json`, reader)
    expect((json as { files: string[] }).files).toEqual([
      'team/app/1.0/manifest.json',
      'team/web/1.1/manifest.json',
    ])
    const scoped = await app.bearer('reader', { type: 'repository', name: 'local/team/app', actions: ['*'] })
    expect(await files('artifact?name=*', { authorization: scoped })).toEqual([])
    for (const key of ['hidden', 'none']) {
      expect(await files(`artifact?name=*&repos=${key}`, reader)).toEqual([])
      const answer = await get(`${search}/pattern?pattern=${key}:**`, reader)
      expect([answer.status, errorsOf(answer)]).toEqual([404, [`there is no repository "${key}"`]])
    }
  })

  it('find nothing of what a repository’s patterns leave out, or of one out of service', async () => {
    await app.post('local', { excludesPattern: 'other/**' })
    expect(await files('artifact?name=app&repos=local')).not.toContain('local/other/app/1.0/manifest.json')
    await app.post('local', { excludesPattern: '', blackedOut: true })
    expect(await files('artifact?name=app')).toEqual(['hidden/team/app/1.0/manifest.json'])
    await app.post('local', { blackedOut: false })
    expect(await files('artifact?name=app&repos=local')).toContain('local/other/app/1.0/manifest.json')
  })

  it.each([
    ['artifact', 'name is missing'],
    ['artifact?name=', 'name is missing'],
    ['artifact?name=a&name=b', 'more than once'],
    ['artifact?name=a%00', 'NUL'],
    [`artifact?name=${'*a'.repeat(11)}`, '11 times *'],
    ['prop', 'no property is named'],
    ['prop?repos=local', 'no property is named'],
    [`prop?${Array.from({ length: 21 }, (_, n) => `k${n}=x`).join('&')}`, '21 criteria'],
    [`prop?k=${'x,'.repeat(101)}x`, '102 values'],
    ['prop?docker.manifest=a,b', 'several values'],
    ['prop?sha256=a*', '* or ?'],
    ['prop?sha256=zz', 'sha256'],
    ['checksum', 'no checksum'],
    ['checksum?sha256=zz', 'sha256'],
    ['pattern', 'pattern is missing'],
    ['pattern?pattern=local', 'no colon'],
  ])('refuse %s', async (path, expected) => {
    const answer = await get(`${search}/${path}`)
    expect([answer.status, errorsOf(answer)[0]]).toEqual([400, expect.stringContaining(expected)])
  })
})

describe('the search for tags', () => {
  it('finds them by all that is known of them', async () => {
    expect(await found('')).toEqual(all)
    expect(await found('image=team/*&tag=1.*&repos=local')).toEqual(open)
    expect(await found('name=app')).toEqual(passed)
    expect(await found('label=team=blue&annotation=source&property=qa=pass*')).toEqual(passed)
    expect(await found('label=any%20key=x%3Dy&label=team&repos=hidden')).toEqual(['hidden/team/app:1.0'])
    expect(await found('property=os=win&property=docker.manifest=secret')).toEqual(['local/team/app:secret'])
    expect(await found(`digest=${digest}`)).toEqual(['local/team/app:1.0'])
    expect(await found(`digest=${digestOf(shared)}&repos=hidden`)).toEqual(['hidden/team/app:1.0'])
    expect(await found('annotation=tag=1.1')).toEqual(['local/team/web:1.1'])
    const { json } = await get(`${tags}?digest=${digest}`)
    expect(json).toEqual({
      results: [
        {
          repo: 'local',
          image: 'team/app',
          tag: '1.0',
          digest,
          media_type: 'application/vnd.oci.image.manifest.v1+json',
          uri: `${url}/artifactory/api/storage/local/team/app/1.0/manifest.json`,
        },
      ],
    })
  })

  it('tells them page by page, with nothing in between for what is hidden', async () => {
    const pages = async (ask?: Ask) => {
      const sizes: number[] = []
      const told: string[] = []
      for (let cursor: string | undefined = ''; cursor !== undefined;) {
        const { json } = await get(`${tags}?limit=1&cursor=${encodeURIComponent(cursor)}`, ask)
        const { results, cursor: next } = json as {
          results: { repo: string; image: string; tag: string }[]
          cursor?: string
        }
        sizes.push(results.length)
        told.push(...results.map(({ repo, image, tag }) => `${repo}/${image}:${tag}`))
        cursor = next
      }
      return [sizes, told.sort()]
    }
    expect(await pages()).toEqual([[1, 1, 1, 1, 1], all])
    expect(await pages(reader)).toEqual([[1, 1], open])
  })

  it('has no cursor in what is not searched, there or not', async () => {
    for (const key of ['hidden', 'none']) {
      const answer = await get(`${tags}?cursor=${key}/team/app:1.0`, reader)
      expect([answer.status, errorsOf(answer)[0]]).toEqual([
        400,
        `cursor is "${key}/team/app:1.0", expected that of the page before`,
      ])
    }
  })

  it.each([
    'digest=none',
    'limit=0',
    'cursor=x',
    'cursor=local/UP:1',
    'image=a&image=b',
    'tag=%00',
    'label=a%00=b',
  ])('refuses %s', async (query) => {
    const answer = await get(`${tags}?${query}`)
    expect([query, answer.status, errorsOf(answer).length]).toEqual([query, 400, 1])
  })
})
