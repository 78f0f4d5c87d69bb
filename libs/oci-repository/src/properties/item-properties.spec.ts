import { type Digest, digestOf } from '@entrepot/kernel'
import { mediaTypes, parseImageName, parseTag } from '@entrepot/oci-model'
import { localConfig, virtualConfig } from '@entrepot/repositories/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Workbench } from '../testing/workbench.js'
import type { Properties } from './properties.js'

let bench: Workbench
let digest: Digest
beforeEach(async () => {
  bench = new Workbench()
  await bench.add(
    localConfig('local'),
    localConfig('other'),
    virtualConfig('all', ['local', 'other'], { defaultDeploymentRepo: 'local' as never }),
  )
  digest = (await bench.pushImage('local', 'team/app', '1.0')).digest
})
afterEach(() => bench.close())

const whole = () => bench.context()
const of = async (path: string, context = whole(), key = 'local') => {
  const found = await bench.itemProperties.of(bench.repository(key), path, context)
  return found && Object.fromEntries(found)
}
const propertiesOf = (given: Record<string, readonly string[]>): Properties => new Map(Object.entries(given))
const change = (
  path: string,
  set: Record<string, readonly string[]>,
  { remove = [] as readonly string[], recursive = false, context = whole(), key = 'local' } = {},
) =>
  bench.itemProperties.change(
    bench.repository(key),
    path,
    { set: propertiesOf(set), remove, recursive },
    context,
  )

const config = digestOf(Buffer.from('{}'))
const blob = `team/app/1.0/${config.replace(':', '__')}`

describe('the properties of items', () => {
  it('are those of the tag for its folder and every file in it', async () => {
    expect(await change(blob, { qa: ['passed'] })).toEqual({
      repository: 'local',
      name: 'team/app:1.0',
      count: 1,
      before: new Map(),
      kept: [],
    })
    expect(await of('team/app/1.0')).toEqual({ qa: ['passed'] })
    expect(await of(blob)).toEqual({ qa: ['passed'] })
    expect(await of('team/app/1.0/manifest.json')).toEqual({
      'artifactory.content-type': [mediaTypes.ociManifest],
      'docker.manifest': ['1.0'],
      'docker.manifest.digest': [digest],
      'docker.manifest.type': [mediaTypes.ociManifest],
      'docker.repoName': ['team/app'],
      qa: ['passed'],
      sha256: [digest.slice(7)],
    })
    const changed = await change('team/app/1.0/manifest.json', { os: ['linux'] }, { remove: ['qa'] })
    expect(changed?.before).toEqual(propertiesOf({ qa: ['passed'] }))
    expect(await of('team/app/1.0')).toEqual({ os: ['linux'] })
  })

  it('show the labels and annotations of a manifest', async () => {
    const id = bench.directory.find('local')?.id
    const image = parseImageName('team/app')
    const stored = id && (await bench.manifests.findByDigest(id, image, digest))
    if (id === undefined || stored === undefined) throw new Error('it is gone')
    const described = { ...stored, annotations: { note: 'x' }, labels: { 'any key/ü': 'blue' } } as never
    await bench.manifests.put(id, image, described, [parseTag('1.0')])
    expect(await of('team/app/1.0/manifest.json')).toMatchObject({
      'docker.label.any key/ü': ['blue'],
      'oci.annotation.note': ['x'],
    })
    expect(await of('team/app/1.0')).toEqual({})
  })

  it('are a manifest’s own where it is named by digest', async () => {
    await change(`team/app/${digest}/manifest.json`, { build: ['7'] })
    expect(await of(`team/app/${digest}`)).toEqual({ build: ['7'] })
    expect(await of(`team/app/${digest}/manifest.json`)).toMatchObject({
      'docker.manifest': [digest],
      build: ['7'],
    })
    expect(await of('team/app/1.0')).toEqual({})
  })

  it('are an image’s and a repository’s own', async () => {
    await change('team/app', { owner: ['blue'] })
    await change('', { owner: ['green'] })
    expect([await of('team/app'), await of(''), await of('team/app/1.0')]).toEqual([
      { owner: ['blue'] },
      { owner: ['green'] },
      {},
    ])
    expect(await of('team')).toEqual({})
    await expect(change('team', { owner: ['blue'] })).rejects.toMatchObject({
      code: 'REQUEST_INVALID',
      message: /team is only the beginning/,
    })
  })

  it('are set on all that is in a folder', async () => {
    await bench.pushImage('local', 'team/app', '2.0')
    await bench.pushImage('local', 'team/app/sub', '1')
    await bench.pushImage('local', 'beside', '1')
    const paths = ['team/app', 'team/app/1.0', 'team/app/2.0', 'team/app/sub', 'team/app/sub/1']
    expect(await change('team', { qa: ['x'] }, { recursive: true })).toMatchObject({ name: 'team', count: 5 })
    for (const path of paths) expect([path, await of(path)]).toEqual([path, { qa: ['x'] }])
    for (const path of ['beside', 'beside/1', '']) expect([path, await of(path)]).toEqual([path, {}])
    await change('', { all: ['y'] }, { remove: ['qa'], recursive: true })
    for (const path of [...paths, 'beside', 'beside/1', '']) {
      expect([path, await of(path)]).toEqual([path, { all: ['y'] }])
    }
    expect(await change('team/app/1.0', { one: ['z'] }, { recursive: true })).toMatchObject({ count: 1 })
  })

  it('are those of the member for an item of a virtual repository, whose folders have none', async () => {
    await bench.pushImage('other', 'two', '1')
    expect(await change('two/1/manifest.json', { qa: ['x'] }, { key: 'all' })).toMatchObject({
      repository: 'other',
    })
    expect(await of('two/1', whole(), 'other')).toEqual({ qa: ['x'] })
    expect(await of('two/1', whole(), 'all')).toEqual({ qa: ['x'] })
    for (const path of ['two', '']) {
      await expect(change(path, { qa: ['x'] }, { key: 'all' })).rejects.toMatchObject({ code: 'UNSUPPORTED' })
      const all = change(path, { qa: ['x'] }, { key: 'all', recursive: true })
      await expect(all).rejects.toMatchObject({ code: 'UNSUPPORTED' })
    }
    expect(await of('', whole(), 'all')).toEqual({})
  })

  it.each([
    'none',
    'team/none',
    'team/app/none',
    'team/app/1.0/list.manifest.json',
    `team/app/sha256:${'0'.repeat(64)}`,
    'TEAM',
  ])('are nothing of %s, which is not there', async (path) => {
    expect(await of(path)).toBeUndefined()
    expect(await change(path, { qa: ['x'] })).toBeUndefined()
    expect(await change(path, { qa: ['x'] }, { recursive: true })).toBeUndefined()
    // Not even that it could not be set is told of it.
    expect(await change(path, { sha256: ['x'] })).toBeUndefined()
  })

  it('that say what a manifest is are nobody’s to set or remove', async () => {
    for (const key of ['docker.manifest', 'sha256', 'docker.label.x', 'oci.annotation.y']) {
      await expect(change('team/app/1.0', { [key]: ['x'] })).rejects.toMatchObject({
        code: 'REQUEST_INVALID',
        message: `${key} says what a manifest is, and can't be set: leave it out`,
      })
    }
    const changed = await change('team/app/1.0', {}, { remove: ['qa', 'docker.manifest', 'docker.label.x'] })
    expect(changed?.kept).toEqual(['docker.manifest', 'docker.label.x'])
    expect(await of('team/app/1.0/manifest.json')).toHaveProperty(['docker.manifest'])
  })

  it('are set at most so many at once', async () => {
    for (let n = 0; n < 25; n += 1)
      await bench.pushManifest('local', 'team/app', `t${n}`, await manifestBytes())
    const many = Object.fromEntries(
      Array.from({ length: 100 }, (_, n) => [`k${n}`, Array.from({ length: 50 }, (_value, m) => `${m}`)]),
    )
    await expect(change('team/app', many, { recursive: true })).rejects.toMatchObject({
      message: /values would be set at once, expected at most 100000/,
    })
    expect(await of('team/app/t1')).toEqual({})
  })

  it('are read and changed by who may read and annotate the tag', async () => {
    await bench.pushImage('local', 'team/app', 'secret')
    for (const path of ['team/app/1.0', 'team/app/secret', 'team/app', '']) await change(path, { qa: ['x'] })
    const reader = bench.toTags('bob', { actions: ['read'], tags: /^1/ })
    expect(await of('team/app/1.0', reader)).toEqual({ qa: ['x'] })
    expect(await of('team/app/secret', reader)).toBeUndefined()
    expect(await of('team/app', reader)).toEqual({})
    expect(await of('', reader)).toEqual({})
    expect(await change('team/app/secret', { qa: ['y'] }, { context: reader })).toBeUndefined()
    for (const path of ['team/app/1.0', `team/app/${digest}`, 'team/app', '']) {
      await expect(change(path, { qa: ['y'] }, { context: reader })).rejects.toMatchObject({ code: 'DENIED' })
      const all = change(path, { qa: ['y'] }, { context: reader, recursive: true })
      await expect(all).rejects.toMatchObject({ code: 'DENIED' })
    }
    const annotator = bench.toTags('ann', { actions: ['read', 'annotate'], tags: /^1/ })
    expect(await change('team/app/1.0', { qa: ['y'] }, { context: annotator })).toMatchObject({ count: 1 })
    expect(await change(`team/app/${digest}`, { qa: ['y'] }, { context: annotator })).toMatchObject({
      count: 1,
    })
    for (const path of ['team', 'team/app']) {
      const all = change(path, { qa: ['z'] }, { context: annotator, recursive: true })
      await expect(all).rejects.toMatchObject({ code: 'DENIED' })
    }
    await bench.pushManifest('local', 'team/app', 'also', await bytesOf(digest))
    const shared = change(`team/app/${digest}`, { qa: ['z'] }, { context: annotator })
    await expect(shared).rejects.toMatchObject({ code: 'DENIED' })
    expect([await of('team/app/1.0'), await of('team/app/secret'), await of('team/app')]).toEqual([
      { qa: ['y'] },
      { qa: ['x'] },
      { qa: ['x'] },
    ])
  })

  it('go along when a tag is promoted', async () => {
    await change('team/app/1.0', { qa: ['passed'] })
    const request = {
      source: bench.repository('local'),
      target: bench.repository('other'),
      image: 'team/app',
      tag: '1.0',
      copy: false,
    }
    for await (const _ of bench.promotion.promote(request, whole()))
      expect(await of('team/app/1.0', whole(), 'other')).toEqual({ qa: ['passed'] })
    expect(await of('team/app/1.0')).toBeUndefined()
  })
})

async function bytesOf(of: Digest): Promise<Buffer> {
  const found = await bench.pull('local', 'team/app', of)
  if (found === undefined) throw new Error('it is gone')
  return found.value.bytes
}

let count = 0
/** Of another manifest each time. */
async function manifestBytes(): Promise<Buffer> {
  count += 1
  const manifest = JSON.parse((await bytesOf(digest)).toString('utf8')) as object
  return Buffer.from(JSON.stringify({ ...manifest, annotations: { count: `${count}` } }))
}
