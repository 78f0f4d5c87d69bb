import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AdminClient } from '../support/admin-client.js'
import { adminPassword, Entrepot } from '../support/entrepot.js'
import { layerOf, makeImage, makeIndex } from '../support/images.js'

const userPassword = 'Warehouse-9 door'
const image = makeImage('of properties')
const closed = makeImage('closed')
const index = makeIndex('of properties')

interface Found {
  readonly results: readonly { readonly uri: string }[]
  readonly cursor?: string
}

/** Over HTTP, on the real server and its database: one who may read and annotate some tags, and all else hidden. */
describe('the properties of items, and searches for them', () => {
  let entrepot: Entrepot
  let admin: AdminClient
  let partial: AdminClient

  const send = async (client: AdminClient, method: string, path: string, body?: unknown) => {
    const answer = await client.send(method, `/artifactory/${path}`, body)
    return { status: answer.status, headers: answer.headers, text: answer.text }
  }
  const read = async (path: string, client = admin) => {
    const { status, text } = await send(client, 'GET', `api/storage/${path}?properties`)
    return status === 200 ? (JSON.parse(text) as { properties: Record<string, string[]> }).properties : status
  }
  const set = async (path: string, properties: string, client = admin) =>
    (await send(client, 'PUT', `api/storage/${path}?properties=${properties}&recursive=0`)).status
  const find = async (path: string, client = admin) => {
    const { status, text } = await send(client, 'GET', path)
    expect([path, status, text]).toEqual([path, 200, text])
    return JSON.parse(text) as Found
  }
  const files = async (query: string, client = admin) => {
    const { results } = await find(`api/search/${query}`, client)
    return results.map(({ uri }) => uri.slice(uri.indexOf('/api/storage/') + 13)).toSorted()
  }

  beforeAll(async () => {
    entrepot = await Entrepot.start()
    admin = AdminClient.basic(entrepot.url, 'admin', adminPassword)
    partial = AdminClient.basic(entrepot.url, 'partial', userPassword)
    for (const key of ['shown', 'hidden']) await entrepot.createRepository(key, { rclass: 'local' })
    await send(admin, 'PUT', 'api/security/users/partial', { email: 'p@example.org', password: userPassword })
    await send(admin, 'PUT', 'api/v2/security/permissions/some', {
      name: 'some',
      repo: {
        repositories: ['shown'],
        'include-patterns': ['team/app/v*'],
        actions: { users: { partial: ['read', 'annotate'] } },
      },
    })
    const { registry } = entrepot
    for (const tag of ['v1', 'v2', 'secret']) await registry.pushImage('shown/team/app', tag, image)
    for (let n = 0; n < 30; n += 1) await registry.pushImage('shown/team/app', `closed-${n}`, closed)
    await registry.pushImage('shown/team/multi', 'v1', index)
    await registry.pushImage('hidden/team/app', 'v1', image)
  })
  afterAll(async () => {
    await entrepot?.dispose()
  })

  it('are set as JFrog’s clients do, and told with what the manifest is', async () => {
    expect(
      await set('shown/team/app/v1/manifest.json', 'build.name=My+App;build.number=7;os=a%5C%2Cb%2Cc'),
    ).toBe(204)
    expect(await read('shown/team/app/v1')).toEqual({
      'build.name': ['My App'],
      'build.number': ['7'],
      os: ['a,b', 'c'],
    })
    expect(await read('shown/team/app/v1/manifest.json')).toMatchObject({
      'docker.label.seed': ['of properties'],
      'docker.manifest': ['v1'],
      'docker.manifest.digest': [image.digest],
      'docker.repoName': ['team/app'],
      sha256: [image.digest.slice(7)],
    })
    expect(await read('shown/team/app/v2')).toBe(404)
    const patch = await send(admin, 'PATCH', 'api/metadata/shown/team/app/v1?recursiveProperties=0', {
      props: { os: null, qa: 'passed' },
    })
    expect(patch.status).toBe(204)
    expect(await read('shown/team/app/v1')).toEqual({
      'build.name': ['My App'],
      'build.number': ['7'],
      qa: ['passed'],
    })
    const [child] = index.children
    expect(await set(`shown/team/multi/${child?.digest}/manifest.json`, 'build.number=8')).toBe(204)
    expect(await read(`shown/team/multi/${child?.digest}`)).toEqual({ 'build.number': ['8'] })
  })

  it('are found, and so are labels, layers and names', async () => {
    const tags = ['hidden/team/app/v1', 'shown/team/app/secret', 'shown/team/app/v1', 'shown/team/app/v2']
    const manifests = tags.map((tag) => `${tag}/manifest.json`)
    for (const tag of tags) expect(await set(tag, 'audit=needed')).toBe(204)
    expect(await files('prop?audit=need*')).toEqual(manifests)
    expect(await files('prop?audit=needed&qa=passed')).toEqual(['shown/team/app/v1/manifest.json'])
    expect(await files('artifact?name=multi')).toEqual(['shown/team/multi/v1/list.manifest.json'])
    const layer = layerOf(image).digest
    expect(await files(`checksum?sha256=${layer.slice(7)}`)).toEqual(
      tags.map((tag) => `${tag}/${layer.replace(':', '__')}`),
    )
    expect((await find('api/entrepot/search?label=seed=of%20properties')).results).toHaveLength(4)
    const [child] = index.children
    const inside = layerOf(child ?? image).digest
    expect(await files(`checksum?sha256=${inside.slice(7)}`)).toEqual([
      `shown/team/multi/${child?.digest}/${inside.replace(':', '__')}`,
    ])
  })

  it('are hidden with the items, also in counts and pages', async () => {
    const mine = ['shown/team/app/v1/manifest.json', 'shown/team/app/v2/manifest.json']
    expect(await files('prop?audit=needed', partial)).toEqual(mine)
    expect(await files('artifact?name=*', partial)).toEqual(mine)
    expect(await files(`checksum?sha256=${image.digest.slice(7)}`, partial)).toEqual(mine)
    expect(await files(`checksum?sha256=${closed.digest.slice(7)}`, partial)).toEqual([])
    expect(await files('prop?audit=needed&repos=hidden', partial)).toEqual([])
    const first = await find('api/entrepot/search?limit=1', partial)
    expect([first.results.length, first.cursor]).toEqual([1, 'shown/team/app:v1'])
    const second = await find('api/entrepot/search?limit=1&cursor=shown/team/app:v1', partial)
    // Thirty-one others match, and the page is the last one all the same.
    expect([second.results.length, second.cursor]).toEqual([1, undefined])
    for (const path of [
      'shown/team/app/secret',
      'shown/team/app/none',
      'shown/team/multi/v1',
      'hidden/team/app/v1',
    ]) {
      expect([path, await read(path, partial), await set(path, 'a=b', partial)]).toEqual([path, 404, 404])
    }
    const told = await Promise.all(
      ['hidden/team/app/v1', 'none/team/app/v1'].map((path) =>
        send(partial, 'GET', `api/storage/${path}?properties`),
      ),
    )
    expect(new Set(told.map(({ text }) => text.replaceAll(/hidden|none/g, '')))).toHaveProperty('size', 1)
    expect(await set('shown/team/app/v2', 'checked=yes', partial)).toBe(204)
    expect(await set('shown/team/app', 'checked=yes', partial)).toBe(403)
  })

  it('go along when a tag is promoted, and are gone when it is moved or deleted', async () => {
    const promotion = await send(admin, 'POST', 'api/docker/shown/v2/promote', {
      targetRepo: 'hidden',
      dockerRepository: 'team/app',
      tag: 'v1',
      targetTag: 'released',
      copy: true,
    })
    expect(promotion.status).toBe(200)
    expect(await read('hidden/team/app/released')).toMatchObject({ qa: ['passed'] })
    expect(await files('prop?qa=passed&repos=hidden')).toEqual(['hidden/team/app/released/manifest.json'])
    expect((await find('api/entrepot/search?repos=hidden&label=seed')).results).toHaveLength(2)
    await entrepot.registry.pushImage('shown/team/app', 'v1', makeImage('moved'))
    expect(await read('shown/team/app/v1')).toBe(404)
    expect(await files('prop?qa=passed')).toEqual(['hidden/team/app/released/manifest.json'])
    expect((await send(admin, 'DELETE', 'hidden/team/app')).status).toBe(204)
    await entrepot.registry.pushImage('hidden/team/app', 'released', image)
    expect(await read('hidden/team/app/released')).toBe(404)
    expect(await files('prop?qa=passed')).toEqual([])
  })

  it('are set on all of an image at once, and found page by page', async () => {
    await entrepot.createRepository('large', { rclass: 'local' })
    await entrepot.registry.pushImage('large/app', 'v0', image)
    for (let n = 1; n < 60; n += 1) {
      await entrepot.registry.putManifest('large/app', `v${n}`, image.bytes, image.mediaType)
    }
    expect((await send(admin, 'PUT', 'api/storage/large/app?properties=batch=1')).status).toBe(204)
    const seen = new Set<string>()
    for (let cursor: string | undefined = ''; cursor !== undefined;) {
      const page = await find(
        `api/entrepot/search?property=batch=1&limit=7&cursor=${encodeURIComponent(cursor)}`,
      )
      for (const { uri } of page.results) seen.add(uri)
      cursor = page.cursor
    }
    expect(seen.size).toBe(60)
    expect(await read('large/app')).toEqual({ batch: ['1'] })
  })
})
