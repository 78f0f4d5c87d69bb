import { randomBytes } from 'node:crypto'
import { remoteConfig } from '@entrepot/repositories/testing'
import { FaultyRegistry } from '@entrepot/upstream/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Workbench, readAll } from '../testing/workbench.js'

describe('a remote repository whose upstream answers with web pages', () => {
  let bench: Workbench
  let upstream: FaultyRegistry

  beforeEach(async () => {
    bench = new Workbench()
    upstream = await FaultyRegistry.start()
    await bench.add(remoteConfig('hub', upstream.url, { assumedOfflinePeriodSecs: 0 }))
  })
  afterEach(async () => {
    await bench.close()
    await upstream.close()
  })

  const page = (type: string, body: string) =>
    ({ kind: 'status', status: 200, headers: { 'content-type': type }, body }) as const
  const set = (changes: object) => bench.directory.update('hub', (config) => ({ ...config, ...changes }))

  test.each(['text/html', 'TEXT/HTML; charset=utf-8', 'application/xhtml+xml'])(
    'refuses %s in place of a manifest, and serves the cached one',
    async (type) => {
      await set({ retrievalCachePeriodSecs: 60 })
      upstream.addImage('team/app', '1')
      await bench.pull('hub', 'team/app', '1')
      upstream.misbehave(page(type, '<title>Log in</title>'), { method: 'GET' })
      upstream.misbehave({ kind: 'status', status: 405 }, { method: 'HEAD' })
      bench.clock.advance(61)
      expect((await bench.pull('hub', 'team/app', '1'))?.cache).toBe('stale')
      const uncached = bench.pull('hub', 'team/app', '2')
      await expect(uncached).rejects.toMatchObject({
        code: 'UPSTREAM_FAILED',
        message: expect.stringContaining('a web page') as string,
      })
    },
  )

  test('refuses one in place of a blob before it reads any of it', async () => {
    const bytes = randomBytes(100)
    const { digest } = upstream.addBlob('team/app', bytes)
    upstream.misbehave(page('text/html', bytes.toString('latin1')))
    await expect(bench.blob('hub', 'team/app', digest)).rejects.toMatchObject({
      code: 'UPSTREAM_FAILED',
      message: expect.stringContaining('blockMismatchingMimeTypes') as string,
    })
    expect(bench.blobs.uploadCount).toBe(0)
  })

  test.each([
    ['the field is off', { blockMismatchingMimeTypes: false }],
    ['the type is on the override list', { mismatchingMimeTypesOverrideList: 'image/png, Text/HTML' }],
  ])('believes the digest and not the type when %s', async (_when, changes) => {
    await set(changes)
    const bytes = Buffer.from('called a page, and none')
    const { digest } = upstream.addBlob('team/app', bytes)
    upstream.misbehave(page('text/html', bytes.toString()))
    const found = await bench.blob('hub', 'team/app', digest)
    expect((await readAll(found!.value)).equals(bytes)).toBe(true)
  })

  test('takes no type for a web page that other upstreams give content', async () => {
    const bytes = Buffer.from('whatever it is called')
    for (const type of ['application/json', 'text/plain', 'binary/octet-stream', '']) {
      const image = `team/${type.length}`
      const { digest } = upstream.addBlob(image, bytes)
      upstream.misbehave(page(type, bytes.toString()), { path: new RegExp(`${image}/`) })
      expect((await bench.blob('hub', image, digest))?.foundIn).toBe('hub')
    }
  })
})
