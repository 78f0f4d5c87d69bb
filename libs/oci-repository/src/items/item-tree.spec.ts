import { digestOf, type Digest } from '@entrepot/kernel'
import { mediaTypes, parseImageName } from '@entrepot/oci-model'
import { localConfig, remoteConfig, virtualConfig } from '@entrepot/repositories/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Workbench } from '../testing/workbench.js'
import { removeItems } from './remove-items.js'

let bench: Workbench
beforeEach(async () => {
  bench = new Workbench()
  await bench.add(
    localConfig('local'),
    localConfig('other'),
    virtualConfig('all', ['local', 'other'], { defaultDeploymentRepo: 'local' as never }),
  )
})
afterEach(() => bench.close())

const whole = () => bench.context()
const find = (path: string, context = whole(), key = 'local') =>
  bench.items.find(bench.repository(key), path, context)
const list = async (path: string, depth = Infinity, context = whole(), key = 'local') => {
  const found = await bench.items.list(bench.repository(key), path, depth, context)
  return found?.items.map((item) => item.path)
}
const childrenOf = async (path: string, context = whole(), key = 'local') => {
  const item = await find(path, context, key)
  return item?.kind === 'folder' ? item.children.map(({ name }) => name) : undefined
}
const hex = (digest: Digest) => digest.replace(':', '__')

async function pushIndex(image: string, tag: string, children: readonly Digest[]): Promise<Digest> {
  const manifests = children.map((digest) => ({ mediaType: mediaTypes.ociManifest, digest, size: 10 }))
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests }))
  return (await bench.pushManifest('local', image, tag, bytes)).digest
}

async function remove(path: string, context = whole(), key = 'local') {
  const removed = []
  for await (const each of removeItems(bench.repository(key), path, context)) removed.push(each)
  return removed
}

describe('ItemTree', () => {
  it('shows an image as folders of tags with the manifest and its blobs as files', async () => {
    const { digest } = await bench.pushImage('local', 'team/app', '1.0')
    expect(await childrenOf('')).toEqual(['team'])
    expect(await childrenOf('team')).toEqual(['app'])
    expect(await childrenOf('team/app')).toEqual(['1.0'])
    const files = await childrenOf('team/app/1.0')
    expect(files).toHaveLength(3)
    expect(files?.[0]).toBe('manifest.json')
    const manifest = await find('team/app/1.0/manifest.json')
    expect(manifest).toMatchObject({
      kind: 'file',
      digest,
      mediaType: mediaTypes.ociManifest,
      isManifest: true,
      foundIn: 'local',
      times: { createdBy: 'ann', modifiedBy: 'bob' },
    })
    const config = digestOf(Buffer.from('{}'))
    expect(await find(`team/app/1.0/${hex(config)}`)).toMatchObject({
      kind: 'file',
      digest: config,
      size: 2,
      isManifest: false,
    })
  })

  it('shows an index as list.manifest.json, and its children by digest', async () => {
    const child = await bench.pushImage('local', 'app', 'amd64')
    await pushIndex('app', 'multi', [child.digest])
    expect(await childrenOf('app/multi')).toEqual(['list.manifest.json'])
    expect(await find('app/multi/manifest.json')).toBeUndefined()
    expect(await find(`app/${child.digest}/manifest.json`)).toMatchObject({ digest: child.digest })
    expect(await childrenOf(`app/${child.digest}`)).toHaveLength(3)
    expect(await childrenOf('app')).toEqual(['amd64', 'multi'])
  })

  it.each([
    'none',
    'app/none',
    'app/1/none.json',
    'app/1/list.manifest.json',
    `app/1/sha256__${'0'.repeat(64)}`,
    `app/sha256:${'0'.repeat(64)}`,
    'app/sha256:short',
    'APP',
    'ap',
    'app/../app',
    'manifest.json',
  ])('has nothing at %s', async (path) => {
    await bench.pushImage('local', 'app', '1')
    expect(await find(path)).toBeUndefined()
    expect(await list(path)).toBeUndefined()
  })

  it('keeps an image apart from those whose names start with its own', async () => {
    for (const image of ['a', 'a-b', 'a.c', 'a/b', 'a/b/c', 'a0']) await bench.pushImage('local', image, 't')
    expect(await childrenOf('')).toEqual(['a', 'a-b', 'a.c', 'a0'])
    expect(await childrenOf('a')).toEqual(['b', 't'])
    expect(await childrenOf('a/b')).toEqual(['c', 't'])
  })

  it('lists down to a depth', async () => {
    await bench.pushImage('local', 'a/b', 't')
    await bench.pushImage('local', 'a', 'x')
    expect(await list('', 1)).toEqual(['a'])
    expect(await list('a', 1)).toEqual(['b', 'x'])
    expect(await list('', 2)).toEqual(['a', 'a/b', 'a/x'])
    const deep = await list('')
    expect(deep?.filter((path) => path.endsWith('/manifest.json'))).toEqual([
      'a/b/t/manifest.json',
      'a/x/manifest.json',
    ])
    expect(deep).toHaveLength(10)
    expect(await list('a/b/t', 1)).toHaveLength(3)
    expect(await list('', 1, whole(), 'other')).toEqual([])
  })

  it('says when there is more than it lists', async () => {
    const { digest } = await bench.pushImage('local', 'many', '0')
    const id = bench.directory.find('local')?.id as never
    const image = parseImageName('many')
    const stored = await bench.manifests.findByDigest(id, image, digest)
    const tags = Array.from({ length: 10_001 }, (_, n) => `v${n}`) as never[]
    await bench.manifests.put(id, image, stored as never, tags)
    expect(await find('many')).toMatchObject({ complete: false, children: { length: 10_000 } })
    const found = await bench.items.list(bench.repository('local'), 'many', Infinity, whole())
    expect(found).toMatchObject({ complete: false, items: { length: 10_000 } })
  })

  it('shows nothing that the principal may not read', async () => {
    await bench.pushImage('local', 'team/app', 'v1')
    await bench.pushImage('local', 'team/app', 'secret')
    const reader = bench.toTags('bob', { actions: ['read'], tags: /^v/ })
    expect(await childrenOf('team/app', reader)).toEqual(['v1'])
    expect(await find('team/app/secret', reader)).toBeUndefined()
    expect(await find('team/app/secret/manifest.json', reader)).toBeUndefined()
    expect((await list('', Infinity, reader))?.some((path) => path.includes('secret'))).toBe(false)
    const stranger = bench.toTags('eve', { actions: ['read'], tags: /^none/ })
    expect(await find('team', stranger)).toBeUndefined()
    expect(await find('team/app', stranger)).toBeUndefined()
    expect(await list('team', 1, stranger)).toBeUndefined()
    expect(await childrenOf('', stranger)).toEqual([])
  })

  it('shows what the members of a virtual repository hold, with where it is', async () => {
    await bench.pushImage('local', 'one', 't')
    await bench.pushImage('other', 'two', 't')
    expect(await childrenOf('', whole(), 'all')).toEqual(['one', 'two'])
    expect(await find('two/t/manifest.json', whole(), 'all')).toMatchObject({ foundIn: 'other' })
    const reader = bench.only(['read'], 'local')
    expect(await childrenOf('', reader, 'all')).toEqual(['one'])
    expect(await find('two/t/manifest.json', reader, 'all')).toBeUndefined()
  })

  it('asks no upstream', async () => {
    // Nobody listens there: whoever asked would fail.
    await bench.add(remoteConfig('remote', 'http://127.0.0.1:1'))
    await bench.add(virtualConfig('with-remote', ['local', 'remote']))
    for (const key of ['remote', 'with-remote']) {
      expect(await find('app/1/manifest.json', whole(), key)).toBeUndefined()
      expect(await find('app', whole(), key)).toBeUndefined()
      expect(await childrenOf('', whole(), key)).toEqual([])
    }
  })
})

describe('removeItems', () => {
  beforeEach(async () => {
    await bench.pushImage('local', 'team/app', 'v1')
    await bench.pushImage('local', 'team/app', 'v2')
    await bench.pushImage('local', 'team/lib', 'v1')
  })

  it.each(['team/app/v1', 'team/app/v1/manifest.json'])('deletes a tag by %s', async (path) => {
    const [removed, ...others] = await remove(path)
    expect(removed).toMatchObject({
      repository: 'local',
      image: 'team/app',
      reference: 'v1',
      tags: ['v1'],
    })
    expect(others).toEqual([])
    expect(await childrenOf('team/app')).toEqual(['v2'])
  })

  it('deletes an image, and a folder of images', async () => {
    expect(await remove('team/app')).toMatchObject([{ image: 'team/app', tags: ['v1', 'v2'] }])
    expect(await childrenOf('team')).toEqual(['lib'])
    await bench.pushImage('local', 'team/app', 'v3')
    expect((await remove('team')).map(({ image }) => image)).toEqual(['team/app', 'team/lib'])
    expect(await childrenOf('')).toEqual([])
  })

  it('deletes a manifest by digest with its tags', async () => {
    const { digest } = await bench.pushImage('local', 'app', 'a')
    expect(await remove(`app/${digest}`)).toMatchObject([{ reference: digest, digest, tags: ['a'] }])
  })

  it('finds nothing at what is not there, or may not be read', async () => {
    expect(await remove('team/none')).toEqual([])
    expect(await remove('team/app/v1', bench.only(['delete'], 'local'))).toEqual([])
    expect(await childrenOf('team/app')).toEqual(['v1', 'v2'])
  })

  it('refuses what may be read but not deleted', async () => {
    const reader = bench.only(['read'], 'local')
    for (const path of ['team/app/v1', 'team/app', 'team']) {
      await expect(remove(path, reader)).rejects.toMatchObject({ code: 'DENIED' })
    }
    expect(await list('team', 2)).toEqual(['app', 'app/v1', 'app/v2', 'lib', 'lib/v1'])
  })

  it('looks at the right to every tag of an image, and leaves all when one is missing', async () => {
    const some = bench.toTags('bob', { actions: ['read'] }, { actions: ['delete'], tags: /^v1/ })
    await expect(remove('team/app', some)).rejects.toMatchObject({ code: 'DENIED' })
    await expect(remove('team', some)).rejects.toMatchObject({ code: 'DENIED' })
    expect(await childrenOf('team/app')).toEqual(['v1', 'v2'])
    expect(await remove('team/app/v1', some)).toHaveLength(1)
    expect(await remove('team/lib', some)).toMatchObject([{ image: 'team/lib', tags: ['v1'] }])
    const none = bench.only(['read'], 'local')
    await expect(remove('team/app', none)).rejects.toMatchObject({ code: 'DENIED' })
  })

  it('deletes no blob of a manifest', async () => {
    const blob = `team/app/v1/${hex(digestOf(Buffer.from('{}')))}`
    await expect(remove(blob)).rejects.toMatchObject({ code: 'CONFLICT' })
  })

  it('deletes through a virtual repository where its pushes land, and nowhere else', async () => {
    await bench.pushImage('other', 'two', 't')
    await expect(remove('two/t', whole(), 'all')).rejects.toMatchObject({ code: 'UNSUPPORTED' })
    expect(await remove('team/app/v1', whole(), 'all')).toMatchObject([{ repository: 'local' }])
    expect(await childrenOf('two', whole(), 'other')).toEqual(['t'])
  })
})
