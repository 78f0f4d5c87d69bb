import { digestOf } from '@entrepot/kernel'
import { localConfig, virtualConfig } from '@entrepot/repositories/testing'
import type { RepositoryKey } from '@entrepot/repositories'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { imageOf, nameOf, Workbench } from '../testing/workbench.js'

describe('a local repository with maxUniqueTags', () => {
  let bench: Workbench

  beforeEach(async () => {
    bench = new Workbench()
    await bench.add(
      localConfig('local', { maxUniqueTags: 2 }),
      virtualConfig('all', ['local'], { defaultDeploymentRepo: 'local' as RepositoryKey }),
    )
  })
  afterEach(() => bench.close())

  const tags = async (image = 'team/app') =>
    (
      await bench
        .repository('local')
        .reader.tags(nameOf(image), { limit: 9, after: undefined }, bench.context())
    ).items

  test('lets the oldest tag of the image go when a new one exceeds it', async () => {
    await bench.pushImage('local', 'team/other', '1')
    const first = await bench.pushImage('local', 'team/app', '1')
    const second = await bench.pushImage('local', 'team/app', '2')
    expect([first.surplus.tags, second.surplus.tags]).toEqual([[], []])
    const third = await bench.pushImage('local', 'team/app', '3')
    expect(third.surplus.tags).toEqual([{ tag: '1', from: first.digest }])
    expect(await tags()).toEqual(['2', '3'])
    expect(await tags('team/other')).toEqual(['1'])
    expect(await bench.pull('local', 'team/app', '1')).toBeUndefined()
    expect(await bench.pull('local', 'team/app', first.digest)).toBeDefined()
  })

  test('takes a tag that is moved for the newest', async () => {
    await bench.pushImage('local', 'team/app', 'latest')
    await bench.pushImage('local', 'team/app', '1')
    await bench.pushImage('local', 'team/app', 'latest')
    await bench.pushImage('local', 'team/app', '2')
    expect(await tags()).toEqual(['2', 'latest'])
  })

  test('does so for pushes through a virtual, and not for those by digest alone', async () => {
    for (const tag of ['1', '2', '3']) await bench.pushImage('all', 'team/app', tag)
    expect(await tags()).toEqual(['2', '3'])
    const layer = Buffer.from('another')
    await bench.pushBlob('local', 'team/app', layer)
    const bytes = imageOf([layer])
    const { digest } = await bench.pushManifest('local', 'team/app', 'untag', bytes)
    expect(await tags()).toEqual(['3', 'untag'])
    await bench.directory.update('local', (config) => ({ ...config, maxUniqueTags: 1 }))
    expect((await bench.pushManifest('local', 'team/app', digest, bytes)).surplus.tags).toEqual([])
    expect(await tags()).toEqual(['3', 'untag'])
  })

  test('keeps any number where it is 0', async () => {
    await bench.directory.update('local', (config) => ({ ...config, maxUniqueTags: 0 }))
    for (const tag of ['1', '2', '3', '4']) await bench.pushImage('local', 'team/app', tag)
    expect(await tags()).toEqual(['1', '2', '3', '4'])
  })

  test('keeps what an overwritten tag pointed to by its digest', async () => {
    const first = await bench.pushImage('local', 'team/app', '1')
    const second = await bench.pushImage('local', 'team/app', '1')
    expect(second.moved).toEqual([{ tag: '1', from: first.digest }])
    expect((await bench.pull('local', 'team/app', first.digest))?.value.digest).toBe(first.digest)
  })
})

describe('a local repository with dockerTagRetention', () => {
  let bench: Workbench

  beforeEach(async () => {
    bench = new Workbench()
    await bench.add(localConfig('local', { dockerTagRetention: 2 }))
  })
  afterEach(() => bench.close())

  const pushed = async (count: number, tag = 'latest') => {
    const pushes = []
    for (let n = 0; n < count; n += 1) pushes.push(await bench.pushImage('local', 'team/app', tag))
    return pushes
  }
  const isThere = async (digest: string) => (await bench.pull('local', 'team/app', digest)) !== undefined

  test('keeps so many manifests that a tag was moved off, and tells which went', async () => {
    const [first, second, third, last] = await pushed(4)
    expect([first, second, third].map((push) => push?.surplus)).toEqual(
      Array(3).fill({ tags: [], manifests: [] }),
    )
    expect(last?.surplus).toEqual({ tags: [], manifests: [first?.digest] })
    expect(await isThere(first?.digest ?? '')).toBe(false)
    for (const kept of [second, third, last]) expect(await isThere(kept?.digest ?? '')).toBe(true)
  })

  test.each([0, 1])('deletes none where it is %d', async (dockerTagRetention) => {
    await bench.directory.update('local', (config) => ({ ...config, dockerTagRetention }))
    for (const { digest, surplus } of await pushed(5)) {
      expect(surplus.manifests).toEqual([])
      expect(await isThere(digest)).toBe(true)
    }
  })

  test('deletes none for a push by digest or of a new tag', async () => {
    const [first] = await pushed(3)
    const [other] = await pushed(1, 'other')
    expect(other?.surplus.manifests).toEqual([])
    const bytes = imageOf([])
    await bench.pushBlob('local', 'team/app', Buffer.from('{}'))
    expect((await bench.pushManifest('local', 'team/app', digestOf(bytes), bytes)).surplus.manifests).toEqual(
      [],
    )
    expect(await isThere(first?.digest ?? '')).toBe(true)
  })
})
