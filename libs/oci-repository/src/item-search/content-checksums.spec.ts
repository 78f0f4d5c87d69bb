import { createHash } from 'node:crypto'
import type { BlobBody } from '@entrepot/blob-store'
import { MemoryBlobStore } from '@entrepot/blob-store/testing'
import { type Digest, digestOf } from '@entrepot/kernel'
import { parseImageName } from '@entrepot/oci-model'
import { localConfig } from '@entrepot/repositories/testing'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { InMemoryContentChecksums } from '../testing/in-memory-content-checksums.js'
import { imageOf, Workbench } from '../testing/workbench.js'
import { ContentChecksums, maximumReadForChecksums, type ReadableContent } from './content-checksums.js'

const image = parseImageName('team/app')
const layer = Buffer.alloc(3 * 1024 * 1024, 'layer')
const sha1 = (bytes: Buffer) => createHash('sha1').update(bytes).digest('hex')

describe('SHA-1 of content', () => {
  let bench: Workbench
  let store: InMemoryContentChecksums
  let checksums: ContentChecksums
  let manifest: Buffer
  beforeEach(async () => {
    bench = new Workbench()
    await bench.add(localConfig('dev'))
    await bench.pushBlob('dev', image, layer)
    await bench.pushBlob('dev', image, Buffer.from('{}'))
    manifest = imageOf([layer])
    await bench.pushManifest('dev', image, 'v1', manifest)
    store = new InMemoryContentChecksums()
    checksums = new ContentChecksums(store, bench.repositories)
  })
  afterEach(() => bench.close())

  const content = (bytes: Buffer, changes: Partial<ReadableContent> = {}): ReadableContent => ({
    repository: 'dev',
    image,
    digest: digestOf(bytes),
    size: bytes.length,
    isManifest: false,
    ...changes,
  })

  it('is of the very bytes of manifests and blobs, and kept', async () => {
    const asked = [content(layer), content(manifest, { isManifest: true })]
    const expected = new Map([
      [digestOf(layer), sha1(layer)],
      [digestOf(manifest), sha1(manifest)],
    ])
    expect(await checksums.of(asked, bench.context())).toEqual(expected)
    expect(store.sums).toEqual(expected)
  })

  it('is computed once, however many ask at once', async () => {
    const open = vi.spyOn(bench.blobs, 'open')
    const asked = [content(layer), content(layer)]
    const answers = await Promise.all([1, 2, 3].map(() => checksums.of(asked, bench.context())))
    for (const answer of answers) expect(answer.get(digestOf(layer))).toBe(sha1(layer))
    expect(open).toHaveBeenCalledTimes(1)
    await checksums.of(asked, bench.context())
    expect(open).toHaveBeenCalledTimes(1)
  })

  it('is left out of what is gone, what may not be read, and what is too much for one request', async () => {
    const none = digestOf(Buffer.from('none'))
    const asked = [
      content(layer, { digest: none }),
      content(manifest, { digest: none, isManifest: true }),
      content(layer, { repository: 'gone', digest: 'sha256:gone' as Digest }),
      content(layer, { size: maximumReadForChecksums + 1 }),
    ]
    expect(await checksums.of(asked, bench.context())).toEqual(new Map())
    const closed = bench.context({ may: () => false, mayPartly: () => false })
    expect(await checksums.of([content(layer)], closed)).toEqual(new Map())
    expect(store.sums.size).toBe(0)
  })

  it('is read no further when the client has left, and is computed by the next who asks', async () => {
    const other = Buffer.from('{}')
    const leaving = new AbortController()
    const open = vi.spyOn(bench.blobs, 'open').mockImplementationOnce(async (...given) => {
      const body: BlobBody | undefined = await MemoryBlobStore.prototype.open.apply(bench.blobs, given)
      if (body === undefined) return undefined
      const read = body.read.bind(body)
      return Object.assign(body, {
        read: (target: Buffer) => {
          leaving.abort(new Error('the client has left'))
          return read(target)
        },
      })
    })
    const left = bench.context({ signal: leaving.signal })
    await expect(checksums.of([content(layer), content(other)], left)).rejects.toThrow('the client has left')
    expect(open).toHaveBeenCalledTimes(1)
    expect(store.sums.size).toBe(0)
    await expect(checksums.of([content(other)], left)).rejects.toThrow('the client has left')
    expect(open).toHaveBeenCalledTimes(1)
    expect((await checksums.of([content(layer)], bench.context())).size).toBe(1)
  })

  it('is still computed for who waits for what somebody else has begun and left', async () => {
    const leaving = new AbortController()
    const first = checksums.of([content(layer)], bench.context({ signal: leaving.signal }))
    const second = checksums.of([content(layer)], bench.context())
    leaving.abort(new Error('the client has left'))
    await expect(first).rejects.toThrow('the client has left')
    expect((await second).get(digestOf(layer))).toBe(sha1(layer))
  })

  it('fails with the store, and is computed by the next who asks', async () => {
    const open = vi.spyOn(bench.blobs, 'open').mockRejectedValueOnce(new Error('the disk is gone'))
    await expect(checksums.of([content(layer)], bench.context())).rejects.toThrow('the disk is gone')
    expect((await checksums.of([content(layer)], bench.context())).size).toBe(1)
    expect(open).toHaveBeenCalledTimes(2)
  })
})
