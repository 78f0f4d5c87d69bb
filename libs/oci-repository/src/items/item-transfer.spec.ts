import { digestOf } from '@entrepot/kernel'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { maximumProperties } from '../properties/properties.js'
import type { RequestContext } from '../request-context.js'
import { codeOf, snapshot, transferBench, type TransferHow, transferOn } from '../testing/transfers.js'
import { imageOf, type Workbench } from '../testing/workbench.js'

let bench: Workbench
beforeEach(async () => {
  bench = await transferBench()
})
afterEach(() => bench.close())

const transfer = (from: string, to: string, how?: TransferHow, context?: RequestContext) =>
  transferOn(bench, from, to, how, context)

const has = async (key: string, image: string, reference: string) =>
  (await bench.pull(key, image, reference)) !== undefined

describe('ItemTransfer', () => {
  it('copies a tag, and renames image and tag', async () => {
    const { digest } = await bench.pushImage('dev', 'team/app', '1.0')
    expect((await transfer('dev/team/app/1.0', 'prod/release/web/2.0')).done).toEqual([
      'dev/team/app:1.0 -> prod/release/web:2.0',
    ])
    expect((await bench.pull('prod', 'release/web', '2.0'))?.value.digest).toBe(digest)
    expect(await has('dev', 'team/app', '1.0')).toBe(true)
    const item = async (key: string, path: string) => {
      const found = await bench.items.find(bench.repository(key), path, bench.context())
      return found?.kind === 'folder' ? found.children : undefined
    }
    expect(await item('prod', 'release/web/2.0')).toEqual(await item('dev', 'team/app/1.0'))
    expect(await item('prod', 'release/web/2.0')).toHaveLength(3)
  })

  it('moves a tag by the file of its manifest', async () => {
    await bench.pushImage('dev', 'team/app', '1.0')
    const move = { move: true }
    const file = 'dev/team/app/1.0/manifest.json'
    expect((await transfer(file, 'prod/team/app/1.0/manifest.json', move)).done).toHaveLength(1)
    expect(await has('dev', 'team/app', '1.0')).toBe(false)
    expect(await has('prod', 'team/app', '1.0')).toBe(true)
    expect((await transfer(file, 'prod/x/y/1.0', move)).steps).toEqual([])
    expect((await transfer('prod/team/app/1.0/list.manifest.json', 'dev/x/y')).steps).toEqual([])
    expect((await transfer('prod/team/app/1.0/manifest.json', 'dev/x/y')).done).toEqual([
      'prod/team/app:1.0 -> dev/x:y',
    ])
  })

  it('puts things into a folder that is there, or that is named by a slash at the end', async () => {
    await bench.pushImage('dev', 'team/app', '1.0')
    await bench.pushImage('prod', 'shop/web', 'x')
    expect((await transfer('dev/team/app/1.0', 'prod/shop/web')).targetPath).toBe('shop/web/1.0')
    expect((await transfer('dev/team/app', 'prod/shop')).done).toEqual([
      'dev/team/app:1.0 -> prod/shop/app:1.0',
    ])
    expect((await transfer('dev/team/app', 'prod/new/')).done).toEqual([
      'dev/team/app:1.0 -> prod/new/app:1.0',
    ])
    expect((await transfer('dev/team/app', 'prod')).targetPath).toBe('app')
    expect((await transfer('dev/team/app', 'prod/shop/web')).targetPath).toBe('shop/web/app')
    expect((await transfer('dev/team/app', 'prod/fresh')).targetPath).toBe('fresh')
  })

  it('puts a tag in the place of a tag', async () => {
    const { digest } = await bench.pushImage('dev', 'team/app', '1.0')
    const before = await bench.pushImage('prod', 'team/app', '1.0')
    const { events } = await transfer('dev/team/app/1.0', 'prod/team/app/1.0')
    expect(events).toMatchObject([{ kind: 'transferred', digest, replaced: before.digest }])
    expect((await bench.pull('prod', 'team/app', '1.0'))?.value.digest).toBe(digest)
  })

  it('copies an image with all its tags, a folder with all its images, and a repository', async () => {
    for (const tag of ['1', '2']) await bench.pushImage('dev', 'team/app', tag)
    await bench.pushImage('dev', 'team/app/sub', '3')
    await bench.pushImage('dev', 'team/web', '4')
    await bench.pushImage('dev', 'teams', '5')
    expect((await transfer('dev/team/app', 'prod/a/b')).done).toEqual([
      'dev/team/app:1 -> prod/a/b:1',
      'dev/team/app:2 -> prod/a/b:2',
      'dev/team/app/sub:3 -> prod/a/b/sub:3',
    ])
    expect((await transfer('dev/team', 'other')).done).toHaveLength(4)
    expect(await has('other', 'team/app/sub', '3')).toBe(true)
    expect(await has('other', 'teams', '5')).toBe(false)
    expect((await transfer('dev', 'prod/backup', { move: true })).done).toHaveLength(5)
    expect(await has('prod', 'backup/teams', '5')).toBe(true)
    expect(await codeOf(transfer('dev', 'prod'))).toBe('MANIFEST_UNKNOWN')
    expect((await transfer('dev/none', 'prod')).steps).toEqual([])
  })

  it('takes what a path names twice: a tag of one image, and another image', async () => {
    await bench.pushImage('dev', 'team', 'app')
    await bench.pushImage('dev', 'team/app', '1')
    expect((await transfer('dev/team/app', 'prod/x/y', { move: true })).done).toEqual([
      'dev/team:app -> prod/x:y',
      'dev/team/app:1 -> prod/x/y:1',
    ])
  })

  it('copies a manifest by its digest, to a tag or to itself elsewhere', async () => {
    const { digest } = await bench.pushImage('dev', 'team/app', '1')
    await transfer(`dev/team/app/${digest}`, `prod/x/y/${digest}`)
    expect(await has('prod', 'x/y', digest)).toBe(true)
    expect(await bench.manifests.tags(idOf('prod'), 'x/y' as never, { limit: 9, after: undefined })).toEqual(
      [],
    )
    await transfer(`dev/team/app/${digest}`, 'prod/x/y/named')
    expect((await bench.pull('prod', 'x/y', 'named'))?.value.digest).toBe(digest)
    const held = await transfer(`dev/team/app/${digest}`, `prod/z/${digest}`, { move: true })
    expect(held.done).toEqual([`CONFLICT: dev/team/app@${digest} -> prod/z@${digest}`])
    await bench.manifests.deleteTag(idOf('dev'), 'team/app' as never, '1' as never)
    await transfer(`dev/team/app/${digest}`, `prod/z/${digest}`, { move: true })
    expect(await has('dev', 'team/app', digest)).toBe(false)
    expect(await has('prod', 'z', digest)).toBe(true)
    expect(await codeOf(transfer('prod/x', 'dev/only/digests'))).toBe('done')
    await bench.manifests.deleteTag(idOf('prod'), 'x/y' as never, 'named' as never)
    expect(await codeOf(transfer('prod/x', 'dev/only/more'))).toBe('MANIFEST_UNKNOWN')
  })

  it('copies out of the cache of a remote what is all there', async () => {
    const layer = Buffer.from('layer')
    const bytes = imageOf([layer])
    const digest = digestOf(bytes)
    const manifest = {
      digest,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      bytes,
      artifactType: undefined,
      annotations: {},
      subject: undefined,
      blobs: [digestOf(layer)],
      needsBlobs: false,
      children: [],
    }
    const cached = 'library/alpine' as never
    await bench.manifests.put(idOf('remote'), cached, manifest, ['3' as never], 'ann')
    const seen = { etag: undefined, checkedAt: new Date(0), freshUntil: new Date(0) }
    await bench.refs.put(idOf('remote'), cached, { ref: '3', status: 'found', digest, ...seen })
    expect((await transfer('remote/library/alpine/3', 'prod/base/alpine/3')).done).toEqual([
      'CONFLICT: remote/library/alpine:3 -> prod/base/alpine:3',
    ])
    expect(await has('prod', 'base/alpine', '3')).toBe(false)
    const key = 'key' as never
    await bench.index.link(idOf('remote'), 'library/alpine' as never, {
      key,
      digest: digestOf(layer),
      size: layer.length,
    })
    expect((await transfer('remote/library', 'prod/base')).done).toEqual([
      'remote/library/alpine:3 -> prod/base/alpine:3',
    ])
    expect(await codeOf(transfer('remote/library', 'prod/moved', { move: true }))).toBe('UNSUPPORTED')
  })

  it('puts what goes into a virtual into its default deployment repository', async () => {
    await bench.pushImage('other', 'team/app', '1')
    expect((await transfer('other/team/app/1', 'all/new/app/1')).done).toEqual([
      'other/team/app:1 -> dev/new/app:1',
    ])
    expect(await codeOf(transfer('other/team/app/1', 'reading/new/app/1'))).toBe('UNSUPPORTED')
    expect(await codeOf(transfer('other/team/app/1', 'remote/new/app/1'))).toBe('UNSUPPORTED')
    expect(await codeOf(transfer('all/team/app/1', 'prod/x/1', { move: true }))).toBe('UNSUPPORTED')
  })

  it('keeps going after a failure unless it shall not, and never leaves a part of a tag', async () => {
    const bob = bench.toTags('bob', { actions: ['read', 'deploy', 'delete'] })
    for (const tag of ['1', '2', '3']) await bench.pushImage('dev', 'team/app', tag)
    const taken = await bench.pushImage('prod', 'team/app', '1')
    const done = async (how: TransferHow) => (await transfer('dev/team/app', 'prod/team/', how, bob)).done
    const refused = 'DENIED: dev/team/app:1 -> prod/team/app:1'
    expect(await done({ move: true, failFast: true })).toEqual([refused])
    expect(await done({ move: true, dryRun: true })).toEqual([
      refused,
      'dev/team/app:2 -> prod/team/app:2',
      'dev/team/app:3 -> prod/team/app:3',
    ])
    expect(await has('dev', 'team/app', '2')).toBe(true)
    expect(await done({ move: true })).toHaveLength(3)
    expect((await bench.pull('prod', 'team/app', '1'))?.value.digest).toBe(taken.digest)
    for (const tag of ['1', '2']) expect(await has('dev', 'team/app', tag)).toBe(tag === '1')
  })

  it('makes room as a push does, but never of what has just come', async () => {
    await bench.directory.update('prod', (config) => ({ ...config, maxUniqueTags: 2 }))
    for (const tag of ['old', 'older']) await bench.pushImage('prod', 'app', tag)
    const { digest } = await bench.pushImage('dev', 'app', '1')
    const dry = await transfer('dev/app/1', 'prod/app/1', { dryRun: true })
    expect(dry.events.at(-1)).toMatchObject({ kind: 'surplus', oldTags: 1, surplus: { tags: [] } })
    const { events } = await transfer('dev/app/1', 'prod/app/1', { move: true })
    expect(events.at(-1)).toMatchObject({ kind: 'surplus', oldTags: 1, surplus: { tags: [{ tag: 'old' }] } })
    // The same again is the oldest by now, and stays all the same.
    await bench.pushImage('prod', 'app', 'new')
    await transfer('prod/app/1', 'dev/app/1')
    const bytes = (await bench.pull('dev', 'app', '1'))?.value.bytes ?? Buffer.alloc(0)
    expect(digestOf(bytes)).toBe(digest)
    await transfer('dev/app/1', 'prod/app/1', { move: true })
    expect(await has('prod', 'app', '1')).toBe(true)
    for (const tag of ['a', 'b', 'c']) await bench.pushImage('dev', 'many', tag)
    expect(await codeOf(transfer('dev/many', 'prod/fresh', { move: true }))).toBe('CONFLICT')
    expect(await has('dev', 'many', 'a')).toBe(true)
  })
})

describe('The own properties of an image', () => {
  const own = (image: string) => [{ kind: 'image', image: image as never } as const]
  const given = (...names: readonly string[]) => ({
    set: new Map(names.map((name) => [name, ['x']])),
    remove: [],
  })
  const at = async (key: string, image: string) => {
    const [found] = await bench.properties.find(idOf(key), own(image))
    return [...(found ?? new Map()).keys()]
  }
  beforeEach(async () => {
    for (const tag of ['1', '2']) await bench.pushImage('dev', 'team/app', tag)
    await bench.properties.change(idOf('dev'), own('team/app'), given('owner'))
  })

  it.each([false, true])('go along with all of it, when it moves: %s', async (move) => {
    expect((await transfer('dev/team/app', 'prod/x', { move, dryRun: true })).done).toHaveLength(2)
    expect((await transfer('dev/team/app', 'prod/x', { move })).done).toHaveLength(2)
    expect(await at('prod', 'x')).toEqual(['owner'])
  })

  it.each([
    ['read only some tags', [{ actions: ['read'], tags: /1/ }, { actions: ['deploy', 'overwrite'] }]],
    ['deploy only some tags', [{ actions: ['read'] }, { actions: ['deploy', 'overwrite'], tags: /./ }]],
  ] as const)('are neither copied nor replaced by who may %s', async (_, grants) => {
    await bench.pushImage('prod', 'x', 'other')
    await bench.properties.change(idOf('prod'), own('x'), given('before'))
    const { done } = await transfer('dev/team', 'prod/', {}, bench.toTags('bob', ...grants))
    expect(done[0]).toBe('dev/team/app:1 -> prod/team/app:1')
    expect(await at('prod', 'team/app')).toEqual([])
    await bench.pushImage('dev', 'x', '1')
    await bench.properties.change(idOf('dev'), own('x'), given('before', 'more'))
    expect((await transfer('dev/x', 'prod/', {}, bench.toTags('bob', ...grants))).done).toHaveLength(1)
    expect(await at('prod', 'x')).toEqual(['before'])
  })

  it('are refused before anything is done where there would be too many', async () => {
    await bench.pushImage('prod', 'team/app', '0')
    const many = Array.from({ length: maximumProperties }, (_, n) => `key${n}`)
    await bench.properties.change(idOf('prod'), own('team/app'), given(...many))
    const before = await snapshot(bench)
    for (const dryRun of [true, false]) {
      expect(await codeOf(transfer('dev/team/app', 'prod/team/', { move: true, dryRun }))).toBe(
        'REQUEST_INVALID',
      )
    }
    expect(await snapshot(bench)).toBe(before)
  })
})

describe('ItemTransfer refuses', () => {
  beforeEach(async () => {
    await bench.pushImage('dev', 'team/app', '1.0')
    await bench.pushImage('prod', 'team/app', '1.0')
  })
  const layer = `sha256__${'0'.repeat(64)}`
  const digest = `sha256:${'0'.repeat(64)}`

  it.each([
    ['a blob alone', `dev/team/app/1.0/${layer}`, 'prod/x/y', 'CONFLICT'],
    ['the place of a blob', 'dev/team/app/1.0', `prod/team/app/1.0/${layer}`, 'REQUEST_INVALID'],
    ['a folder for a file', 'dev/team/app/1.0', 'prod/team/x/2.0/manifest.json', 'REQUEST_INVALID'],
    ['the inside of a tag', 'dev/team/app/1.0', 'prod/team/app/1.0/inside', 'CONFLICT'],
    ['the depths of a tag', 'dev/team/app', 'prod/team/app/1.0/deep/inside', 'CONFLICT'],
    ['the root for a tag', 'dev/team/app/1.0', 'prod', 'REQUEST_INVALID'],
    ['the root for a file', 'dev/team/app/1.0/manifest.json', 'prod/manifest.json', 'REQUEST_INVALID'],
    ['another digest', 'dev/team/app/1.0', `prod/team/app/${digest}`, 'REQUEST_INVALID'],
    ['what is no image name', 'dev/team/app', 'prod/UPPER/case', 'NAME_INVALID'],
    ['what is no tag', 'dev/team/app/1.0', 'prod/team/app/-x', 'REQUEST_INVALID'],
    ['itself', 'dev/team/app/1.0', 'dev/team/app/1.0', 'REQUEST_INVALID'],
    ['a folder into itself', 'dev/team', 'dev/team/sub', 'CONFLICT'],
    ['a repository into itself', 'dev', 'dev/sub', 'CONFLICT'],
    ['a name that is too long', 'dev/team', `prod/${'a/'.repeat(130)}`, 'NAME_INVALID'],
    ['patterns', 'dev/team/app', 'prod/team/hidden', 'DENIED'],
  ])('%s', async (_, from, to, code) => {
    const before = await snapshot(bench)
    for (const dryRun of [true, false]) expect(await codeOf(transfer(from, to, { dryRun }))).toBe(code)
    expect(await snapshot(bench)).toBe(before)
  })

  it('a repository that is out of service', async () => {
    await bench.directory.update('other', (config) => ({ ...config, blackedOut: true }))
    expect(await codeOf(transfer('dev/team', 'other/x', { dryRun: true }))).toBe('DENIED')
    await bench.directory.update('dev', (config) => ({ ...config, blackedOut: true }))
    expect(await codeOf(transfer('dev/team/app/1.0', 'prod/x/y', { dryRun: true }))).toBe('DENIED')
    expect((await transfer('dev/team', 'prod/x', { dryRun: true })).steps).toEqual([])
  })

  it.each([
    ['no right to deploy there', [{ actions: ['read', 'delete'] }]],
    ['no right to delete here', [{ actions: ['read', 'deploy'] }]],
    [
      'the right to delete one tag of two',
      [{ actions: ['read', 'deploy'] }, { actions: ['delete'], tags: /2/ }],
    ],
  ] as const)('who has %s, before anything is done, a dry run too', async (_, grants) => {
    await bench.pushImage('dev', 'team/app', '2.0')
    const bob = bench.toTags('bob', ...grants)
    const before = await snapshot(bench)
    for (const dryRun of [true, false]) {
      expect(await codeOf(transfer('dev/team', 'other/x', { move: true, dryRun }, bob))).toBe('DENIED')
    }
    expect(await snapshot(bench)).toBe(before)
  })

  it('nothing to whom it is hidden: what they may not read is not there', async () => {
    await bench.pushImage('dev', 'team/app', '2.0')
    const some = bench.toTags('bob', { actions: ['read'], tags: /^2/ }, { actions: ['deploy'] })
    expect((await transfer('dev/team', 'other', {}, some)).done).toEqual([
      'dev/team/app:2.0 -> other/team/app:2.0',
    ])
    const none = bench.toTags('eve', { actions: ['deploy', 'delete'] })
    expect((await transfer('dev/team', 'other', { move: true }, none)).steps).toEqual([])
    expect((await transfer(`dev/team/app/1.0/${layer}`, 'other', {}, none)).steps).toEqual([])
  })
})

function idOf(key: string) {
  const id = bench.directory.find(key)?.id
  if (id === undefined) throw new Error(`no repository ${key}`)
  return id
}
