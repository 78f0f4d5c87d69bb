import { Readable } from 'node:stream'
import { type Digest, RegistryError, digestOf } from '@entrepot/kernel'
import { userPrincipal } from '@entrepot/kernel/testing'
import { mediaTypes, parseImageName, parseReference, parseTag } from '@entrepot/oci-model'
import { localConfig } from '@entrepot/repositories/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { OciWriter } from '../oci-repository.js'
import { Workbench, drain, imageOf, nameOf, readAll } from '../testing/workbench.js'

const app = nameOf('team/app')

describe('a local repository', () => {
  let bench: Workbench
  let writer: OciWriter

  beforeEach(async () => {
    bench = new Workbench()
    await bench.add(localConfig('local'), localConfig('other'))
    writer = bench.repository('local').writer as OciWriter
  })
  afterEach(() => bench.close())

  test('serves a pushed manifest byte for byte, by tag and by digest', async () => {
    const layer = Buffer.from('layer')
    await bench.pushBlob('local', 'team/app', layer)
    await bench.pushBlob('local', 'team/app', Buffer.from('{}'))
    const bytes = Buffer.from(`  ${imageOf([layer], { unknown: { field: 1 } }).toString()}\n`)
    const { digest } = await bench.pushManifest('local', 'team/app', '1', bytes)
    expect(digest).toBe(digestOf(bytes))
    for (const reference of ['1', digest]) {
      const found = await bench.pull('local', 'team/app', reference)
      expect(found).toMatchObject({
        foundIn: 'local',
        cache: undefined,
        value: { digest, mediaType: mediaTypes.ociManifest },
      })
      expect(found?.value.bytes.equals(bytes)).toBe(true)
    }
  })

  test('serves a blob, whole and in part', async () => {
    const digest = await bench.pushBlob('local', 'team/app', Buffer.from('0123456789'))
    const found = await bench.blob('local', 'team/app', digest)
    expect(found?.value.descriptor).toMatchObject({ digest, size: 10 })
    expect((await readAll(found!.value)).toString()).toBe('0123456789')
    expect((await drain(await found!.value.open({ range: { start: 2, end: 4 } }))).toString()).toBe('234')
  })

  test('shows no blob of another repository although the bytes exist', async () => {
    const digest = await bench.pushBlob('other', 'team/app', Buffer.from('secret'))
    expect(await bench.blob('local', 'team/app', digest)).toBeUndefined()
  })

  test('shows no blob of another image, and deletes it from one image only', async () => {
    const bytes = Buffer.from('{}')
    const digest = await bench.pushBlob('local', 'team/app', bytes)
    expect(await bench.blob('local', 'team/other', digest)).toBeUndefined()
    await bench.pushImage('local', 'team/other', '1')
    expect(await writer.deleteBlob(app, digest, bench.context())).toBe(true)
    expect(await bench.blob('local', 'team/other', digest)).toBeDefined()
    const needed = writer.deleteBlob(nameOf('team/other'), digest, bench.context())
    await expect(needed).rejects.toMatchObject({ code: 'DENIED' })
  })

  test('stores equal bytes once', async () => {
    const bytes = Buffer.from('the same')
    await bench.pushBlob('local', 'team/app', bytes)
    await bench.pushBlob('other', 'x', bytes)
    expect(await bench.index.holders(digestOf(bytes))).toEqual([
      { repository: 'local', image: 'team/app' },
      { repository: 'other', image: 'x' },
    ])
    const one = await bench.blob('local', 'team/app', digestOf(bytes))
    const two = await bench.blob('other', 'x', digestOf(bytes))
    expect((await readAll(one!.value)).equals(await readAll(two!.value))).toBe(true)
  })

  test('is healed by a push when the store has lost the bytes', async () => {
    const bytes = Buffer.from('lost and found')
    const digest = await bench.pushBlob('local', 'team/app', bytes)
    const stored = await bench.index.findAnywhere(digest)
    await bench.blobs.delete(stored!.key)
    const broken = await bench.blob('local', 'team/app', digest)
    await expect(broken!.value.open()).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    await bench.pushBlob('local', 'team/app', bytes)
    expect((await readAll((await bench.blob('local', 'team/app', digest))!.value)).equals(bytes)).toBe(true)
  })

  test('refuses a manifest whose blobs are unknown, and names each', async () => {
    const bytes = imageOf([Buffer.from('never pushed'), Buffer.from('nor this')])
    const error = await bench.pushManifest('local', 'team/app', '1', bytes).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(RegistryError)
    expect(error).toMatchObject({ code: 'MANIFEST_BLOB_UNKNOWN' })
    expect((error as RegistryError).siblings).toHaveLength(2)
    expect(await bench.pull('local', 'team/app', '1')).toBeUndefined()
  })

  test('refuses an index whose children are unknown, and takes it once they are there', async () => {
    const { digest } = await bench.pushImage('local', 'team/app', 'child')
    const child = await bench.pull('local', 'team/app', digest)
    const index = (childDigest: Digest) =>
      Buffer.from(
        JSON.stringify({
          schemaVersion: 2,
          mediaType: mediaTypes.ociIndex,
          manifests: [
            { mediaType: mediaTypes.ociManifest, digest: childDigest, size: child!.value.bytes.length },
          ],
        }),
      )
    const unknown = digestOf(Buffer.from('no such child'))
    await expect(bench.pushManifest('local', 'team/app', 'multi', index(unknown))).rejects.toMatchObject({
      code: 'MANIFEST_BLOB_UNKNOWN',
    })
    await expect(bench.pushManifest('local', 'team/app', 'multi', index(digest))).resolves.toBeDefined()
  })

  test('refuses a manifest pushed under another digest than its own', async () => {
    await bench.pushBlob('local', 'team/app', Buffer.from('{}'))
    const wrong = digestOf(Buffer.from('something else'))
    await expect(bench.pushManifest('local', 'team/app', wrong, imageOf([]))).rejects.toMatchObject({
      code: 'DIGEST_INVALID',
    })
  })

  test('keeps a manifest pushed by its sha512 digest under that digest', async () => {
    await bench.pushBlob('local', 'team/app', Buffer.from('{}'))
    const bytes = imageOf([])
    const digest = digestOf(bytes, 'sha512')
    expect((await bench.pushManifest('local', 'team/app', digest, bytes)).digest).toBe(digest)
    expect((await bench.pull('local', 'team/app', digest))?.value.digest).toBe(digest)
  })

  test('sets all tags of a push by digest', async () => {
    await bench.pushBlob('local', 'team/app', Buffer.from('{}'))
    const bytes = imageOf([])
    const push = { bytes, contentType: undefined, tags: [parseTag('a'), parseTag('b')] }
    const pushed = await writer.putManifest(app, parseReference(digestOf(bytes)), push, bench.context())
    expect(pushed.tags).toEqual(['a', 'b'])
    expect((await bench.pull('local', 'team/app', 'b'))?.value.digest).toBe(digestOf(bytes))
  })

  test('deletes a tag and leaves the digest; deletes a digest with all its tags', async () => {
    const { digest } = await bench.pushImage('local', 'team/app', '1')
    expect(await writer.deleteManifest(app, parseReference('1'), bench.context())).toEqual({
      digest,
      tags: ['1'],
    })
    expect(await bench.pull('local', 'team/app', '1')).toBeUndefined()
    expect(await bench.pull('local', 'team/app', digest)).toBeDefined()
    expect(await writer.deleteManifest(app, parseReference(digest), bench.context())).toEqual({
      digest,
      tags: [],
    })
    expect(await bench.pull('local', 'team/app', digest)).toBeUndefined()
    expect(await writer.deleteManifest(app, parseReference(digest), bench.context())).toBeUndefined()
  })

  describe('uploads', () => {
    test('refuses a chunk that starts elsewhere and goes on where it was', async () => {
      const session = await writer.startUpload(app, bench.context())
      await session.append(Readable.from([Buffer.from('0123')]), 0, bench.context())
      for (const wrong of [0, 3, 5]) {
        const late = session.append(Readable.from([Buffer.from('45')]), wrong, bench.context())
        await expect(late).rejects.toMatchObject({ code: 'RANGE_INVALID' })
      }
      expect(session.offset).toBe(4)
      expect(await session.append(Readable.from([Buffer.from('45')]), 4, bench.context())).toBe(6)
      expect((await session.commit(digestOf(Buffer.from('012345')), bench.context())).size).toBe(6)
    })

    test('belongs to one image, one repository and one user', async () => {
      const { id } = await writer.startUpload(app, bench.context())
      expect(await writer.resumeUpload(app, id, bench.context())).toBeDefined()
      expect(await writer.resumeUpload(nameOf('team/other'), id, bench.context())).toBeUndefined()
      expect(await bench.repository('other').writer!.resumeUpload(app, id, bench.context())).toBeUndefined()
      const bob = userPrincipal('bob', { admin: true })
      expect(await writer.resumeUpload(app, id, bench.context({ principal: bob }))).toBeUndefined()
    })

    test('ends with a wrong digest and leaves nothing', async () => {
      const session = await writer.startUpload(app, bench.context())
      await session.append(Readable.from([Buffer.from('right')]), undefined, bench.context())
      const wrong = digestOf(Buffer.from('wrong'))
      await expect(session.commit(wrong, bench.context())).rejects.toMatchObject({ code: 'DIGEST_INVALID' })
      expect(await writer.resumeUpload(app, session.id, bench.context())).toBeUndefined()
      expect(await bench.blob('local', 'team/app', wrong)).toBeUndefined()
      expect(await bench.blob('local', 'team/app', digestOf(Buffer.from('right')))).toBeUndefined()
    })

    test('expires', async () => {
      const { id } = await writer.startUpload(app, bench.context())
      bench.clock.advance(27 * 3600)
      expect(await writer.resumeUpload(app, id, bench.context())).toBeUndefined()
    })

    test('is taken over by a later request when its connection hangs', async () => {
      const session = await writer.startUpload(app, bench.context())
      const hanging = session.append(new Readable({ read: () => undefined }), undefined, bench.context())
      const refused = expect(hanging).rejects.toThrow('taken over')
      const again = await writer.resumeUpload(app, session.id, bench.context())
      expect(await again!.append(Readable.from([Buffer.from('x')]), undefined, bench.context())).toBe(1)
      await refused
    }, 15_000)
  })

  describe('a mount', () => {
    test('links a blob from another repository without copying it', async () => {
      const digest = await bench.pushBlob('other', 'base', Buffer.from('shared'))
      const from = { repository: bench.repository('other'), image: nameOf('base') }
      expect(await writer.mount(app, digest, from, bench.context())).toMatchObject({ digest, size: 6 })
      expect(await bench.blob('local', 'team/app', digest)).toBeDefined()
    })

    test('inside one repository links only: the blob is then in both images', async () => {
      const digest = await bench.pushBlob('local', 'base', Buffer.from('shared'))
      expect(await bench.blob('local', 'team/app', digest)).toBeUndefined()
      const from = { repository: bench.repository('local'), image: nameOf('base') }
      expect(await writer.mount(app, digest, from, bench.context())).toMatchObject({ digest, size: 6 })
      expect(await bench.blob('local', 'team/app', digest)).toBeDefined()
      expect(await writer.deleteBlob(nameOf('base'), digest, bench.context())).toBe(true)
      expect(await bench.blob('local', 'base', digest)).toBeUndefined()
      expect(await bench.blob('local', 'team/app', digest)).toBeDefined()
    })

    test('adds nothing when the blob is collected between the look and the link', async () => {
      const digest = await bench.pushBlob('other', 'base', Buffer.from('going'))
      const { adopt } = bench.index
      bench.index.adopt = (...key) => {
        bench.index.collect(digest)
        return adopt.apply(bench.index, key)
      }
      const from = { repository: bench.repository('other'), image: nameOf('base') }
      expect(await writer.mount(app, digest, from, bench.context())).toBeUndefined()
      expect(await bench.index.findAnywhere(digest)).toBeUndefined()
    })

    test('is not possible without the right to read the source', async () => {
      const digest = await bench.pushBlob('other', 'base', Buffer.from('shared'))
      const from = { repository: bench.repository('other'), image: nameOf('base') }
      const deployer = bench.only(['read', 'deploy'], 'local')
      expect(await writer.mount(app, digest, from, deployer)).toBeUndefined()
      expect(await writer.mount(app, digest, undefined, deployer)).toBeUndefined()
      expect(await bench.blob('local', 'team/app', digest)).toBeUndefined()
    })

    test('needs no source when the blob is in any repository one may read', async () => {
      const digest = await bench.pushBlob('other', 'base', Buffer.from('shared'))
      expect(await writer.mount(app, digest, undefined, bench.context())).toMatchObject({ digest })
    })

    test('answers undefined for a blob that nobody has', async () => {
      expect(
        await writer.mount(app, digestOf(Buffer.from('nothing')), undefined, bench.context()),
      ).toBeUndefined()
    })
  })

  test('moves an existing tag only with the right to overwrite', async () => {
    await bench.pushImage('local', 'team/app', '1')
    const bytes = imageOf([])
    const push = { bytes, contentType: undefined, tags: [] }
    const deployer = bench.only(['read', 'deploy'], 'local')
    await expect(writer.putManifest(app, parseReference('1'), push, deployer)).rejects.toMatchObject({
      code: 'DENIED',
    })
    await expect(writer.putManifest(app, parseReference('2'), push, deployer)).resolves.toBeDefined()
  })

  test('refuses every write without its right', async () => {
    const reader = bench.only(['read'], 'local')
    const { digest } = await bench.pushImage('local', 'team/app', '1')
    const push = { bytes: imageOf([]), contentType: undefined, tags: [] }
    const attempts = [
      writer.putManifest(app, parseReference('2'), push, reader),
      writer.deleteManifest(app, parseReference(digest), reader),
      writer.deleteManifest(app, parseReference('1'), reader),
      writer.deleteBlob(app, digestOf(Buffer.from('{}')), reader),
      writer.startUpload(app, reader),
      writer.mount(app, digest, undefined, reader),
    ]
    for (const attempt of attempts) await expect(attempt).rejects.toMatchObject({ code: 'DENIED' })
  })

  test('lists tags by code point, in pages', async () => {
    for (const tag of ['b', 'B', 'a', '10', '9']) await bench.pushImage('local', 'team/app', tag)
    const { reader } = bench.repository('local')
    const first = await reader.tags(app, { limit: 3, after: undefined }, bench.context())
    expect(first).toMatchObject({ items: ['10', '9', 'B'], more: true })
    const second = await reader.tags(app, { limit: 3, after: 'B' }, bench.context())
    expect(second).toMatchObject({ items: ['a', 'b'], more: false })
    await expect(
      reader.tags(nameOf('nowhere'), { limit: 3, after: undefined }, bench.context()),
    ).rejects.toMatchObject({
      code: 'NAME_UNKNOWN',
    })
  })

  test('keeps to its patterns in reads, writes and lists', async () => {
    await bench.add(localConfig('strict', { includesPattern: 'team/**', excludesPattern: '**/dev-*' }))
    await bench.pushImage('strict', 'team/app', '1')
    await expect(bench.pushImage('strict', 'other/app', '1')).rejects.toMatchObject({ code: 'DENIED' })
    await expect(bench.pushImage('strict', 'team/app', 'dev-1')).rejects.toMatchObject({ code: 'DENIED' })
    expect(await bench.pull('strict', 'other/app', '1')).toBeUndefined()
    await bench.directory.update('strict', (config) => ({ ...config, excludesPattern: '**/1' }))
    expect(await bench.pull('strict', 'team/app', '1')).toBeUndefined()
    const listing = await bench
      .repository('strict')
      .reader.tags(parseImageName('team/app'), { limit: 9, after: undefined }, bench.context())
    expect(listing.items).toEqual([])
  })

  test('answers nothing while it is out of service', async () => {
    await bench.pushImage('local', 'team/app', '1')
    await bench.directory.update('local', (config) => ({ ...config, blackedOut: true }))
    await expect(bench.pull('local', 'team/app', '1')).rejects.toMatchObject({ code: 'DENIED' })
    await expect(bench.pushImage('local', 'team/app', '2')).rejects.toMatchObject({ code: 'DENIED' })
  })
})
