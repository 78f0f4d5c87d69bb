import { createHash } from 'node:crypto'
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

  it('fails with the store, and is computed by the next who asks', async () => {
    const open = vi.spyOn(bench.blobs, 'open').mockRejectedValueOnce(new Error('the disk is gone'))
    await expect(checksums.of([content(layer)], bench.context())).rejects.toThrow('the disk is gone')
    expect((await checksums.of([content(layer)], bench.context())).size).toBe(1)
    expect(open).toHaveBeenCalledTimes(2)
  })
})
