import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { digestOf } from '@entrepot/kernel'
import { beforeEach, describe, expect, it } from 'vitest'
import type { BlobStore, StoredBlob, UploadId } from '../blob-store.js'
import type { BlobStoreUnderTest } from './blob-store-under-test.js'
import { breakingOff, expectBytes, inPieces, keyOf, until, uploadOf } from './contract-bytes.js'

const mebibyte = 1024 * 1024
const unknownUpload = { code: 'BLOB_UPLOAD_UNKNOWN' }

/** Every sentence of BlobUpload; run as a part of blobStoreContract. */
export function blobUploadContract(current: () => BlobStoreUnderTest): void {
  let under: BlobStoreUnderTest
  let store: BlobStore

  beforeEach(() => {
    under = current()
    store = under.store
  })

  describe('an upload', () => {
    it('becomes a blob with the bytes, the size and the digest that were sent', async () => {
      const bytes = randomBytes(3 * mebibyte + 7)
      const upload = await store.createUpload()
      expect(upload.offset).toBe(0)
      expect(await upload.append(inPieces(bytes, 65_536))).toBe(bytes.length)
      expect(upload.offset).toBe(bytes.length)
      const stored = await upload.commit(digestOf(bytes))
      expect(stored).toMatchObject({ digest: digestOf(bytes), size: bytes.length })
      expect(await store.stat(stored.key)).toEqual({ size: bytes.length })
      await expectBytes(store, stored.key, bytes)
    })

    it('may have no bytes at all', async () => {
      const upload = await store.createUpload()
      expect(await upload.append(Readable.from([]))).toBe(0)
      const stored = await upload.commit(digestOf(Buffer.alloc(0)))
      expect(stored.size).toBe(0)
      expect(await store.stat(stored.key)).toEqual({ size: 0 })
      await expectBytes(store, stored.key, Buffer.alloc(0))
    })

    it('may be committed without any append', async () => {
      const stored = await (await store.createUpload()).commit(digestOf(Buffer.alloc(0)))
      expect(stored.size).toBe(0)
    })

    it('takes several chunks one after the other', async () => {
      const bytes = randomBytes(2 * mebibyte)
      const upload = await store.createUpload()
      expect(await upload.append(inPieces(bytes.subarray(0, 10), 3))).toBe(10)
      expect(await upload.append(inPieces(bytes.subarray(10, mebibyte), 9999))).toBe(mebibyte)
      expect(await upload.append(inPieces(bytes.subarray(mebibyte), 65_536))).toBe(bytes.length)
      const stored = await upload.commit(digestOf(bytes))
      await expectBytes(store, stored.key, bytes)
    })

    it('takes very many tiny pieces', async () => {
      const bytes = randomBytes(20_000)
      const upload = await store.createUpload()
      await upload.append(inPieces(bytes, 3))
      const stored = await upload.commit(digestOf(bytes))
      await expectBytes(store, stored.key, bytes)
    })

    it('can be verified against sha512, announced or not', async () => {
      const bytes = randomBytes(mebibyte + 1)
      const digest = digestOf(bytes, 'sha512')
      for (const hint of [undefined, 'sha512', 'sha256'] as const) {
        const upload = await store.createUpload({ algorithm: hint })
        await upload.append(inPieces(bytes, 65_536))
        expect((await upload.commit(digest)).digest).toBe(digest)
      }
      const upload = await store.createUpload({ algorithm: 'sha512' })
      await upload.append(inPieces(bytes, 65_536))
      expect((await upload.commit(digestOf(bytes))).digest).toBe(digestOf(bytes))
    })

    it('is refused and gone when the bytes have another digest', async () => {
      const upload = await uploadOf(store, Buffer.from('what was sent'))
      const expected = digestOf(Buffer.from('what was promised'))
      await expect(upload.commit(expected)).rejects.toMatchObject({
        code: 'DIGEST_INVALID',
        message: expect.stringContaining(expected),
      })
      expect(await store.resumeUpload(upload.id)).toBeUndefined()
      await expect(upload.append(Readable.from([Buffer.from('x')]))).rejects.toMatchObject(unknownUpload)
      await expect(upload.commit(expected)).rejects.toMatchObject(unknownUpload)
      await upload.cancel()
    })

    it('gives the same answer when it is committed again', async () => {
      const bytes = randomBytes(1000)
      const upload = await uploadOf(store, bytes)
      const [first, beside] = await Promise.all([
        upload.commit(digestOf(bytes)),
        upload.commit(digestOf(bytes)),
      ])
      expect(beside).toEqual(first)
      expect(await upload.commit(digestOf(bytes))).toEqual(first)
    })

    it('refuses another digest after it was committed, and keeps the blob', async () => {
      const bytes = randomBytes(1000)
      const upload = await uploadOf(store, bytes)
      const stored = await upload.commit(digestOf(bytes))
      await expect(upload.commit(digestOf(randomBytes(3)))).rejects.toMatchObject({
        code: 'DIGEST_INVALID',
      })
      await expectBytes(store, stored.key, bytes)
    })

    it('keeps its blob when it is cancelled after commit', async () => {
      const bytes = randomBytes(1000)
      const upload = await uploadOf(store, bytes)
      const stored = await upload.commit(digestOf(bytes))
      await upload.cancel()
      await upload.cancel()
      await expectBytes(store, stored.key, bytes)
      expect(await upload.commit(digestOf(bytes))).toEqual(stored)
    })

    it('is gone when it is cancelled, which may be repeated', async () => {
      const bytes = randomBytes(1000)
      const upload = await uploadOf(store, bytes)
      await upload.cancel()
      await upload.cancel()
      expect(await store.resumeUpload(upload.id)).toBeUndefined()
      await expect(upload.append(Readable.from([bytes]))).rejects.toMatchObject(unknownUpload)
      await expect(upload.commit(digestOf(bytes))).rejects.toMatchObject(unknownUpload)
      await expect(upload.readAt(0, Buffer.alloc(10))).rejects.toMatchObject(unknownUpload)
    })

    it('takes no bytes after commit', async () => {
      const bytes = randomBytes(10)
      const upload = await uploadOf(store, bytes)
      await upload.commit(digestOf(bytes))
      await expect(upload.append(Readable.from([bytes]))).rejects.toMatchObject(unknownUpload)
      await expect(upload.readAt(0, Buffer.alloc(10))).rejects.toMatchObject(unknownUpload)
      expect(await store.resumeUpload(upload.id)).toBeUndefined()
    })

    it('gives each of two uploads of the same content a key of its own', async () => {
      const bytes = randomBytes(2 * mebibyte)
      const stored = await Promise.all(
        [1, 2, 3, 4].map(async () => {
          const upload = await store.createUpload()
          await upload.append(inPieces(bytes, 65_536))
          return upload.commit(digestOf(bytes))
        }),
      )
      expect(new Set(stored.map(({ key }) => key)).size).toBe(4)
      const [first, ...others] = stored as [StoredBlob, ...StoredBlob[]]
      await store.delete(first.key)
      for (const { key } of others) await expectBytes(store, key, bytes)
    })
  })

  describe('a chunk that breaks off', () => {
    it('keeps what had arrived, rejects with its own error, and can be gone on from', async () => {
      const bytes = randomBytes(3 * mebibyte)
      const upload = await store.createUpload()
      const failure = new Error('connection reset')
      await expect(upload.append(breakingOff(bytes.subarray(0, 1_500_000), failure))).rejects.toBe(failure)
      expect(upload.offset).toBe(1_500_000)
      const again = await store.resumeUpload(upload.id)
      expect(again?.offset).toBe(1_500_000)
      await again?.append(inPieces(bytes.subarray(1_500_000), 65_536))
      const stored = await again?.commit(digestOf(bytes))
      await expectBytes(store, keyOf(stored), bytes)
    })

    it('is noticed when the source is destroyed without an error', async () => {
      const upload = await store.createUpload()
      const source = new Readable({ read: () => undefined })
      source.push(Buffer.from('half'))
      const appending = upload.append(source)
      await sleep(30)
      source.destroy()
      await expect(appending).rejects.toMatchObject({ code: 'ERR_STREAM_PREMATURE_CLOSE' })
      expect(upload.offset).toBe(4)
    })

    it('is noticed when it had broken off before the append', async () => {
      const upload = await store.createUpload()
      const source = new Readable({ read: () => undefined })
      const failure = new Error('too early')
      source.on('error', () => undefined)
      source.destroy(failure)
      await sleep(1)
      await expect(upload.append(source)).rejects.toBe(failure)
      expect(upload.offset).toBe(0)
    })

    it('keeps what had arrived when the signal aborts, and leaves the source alone', async () => {
      const upload = await store.createUpload()
      const source = new Readable({ read: () => undefined })
      source.push(Buffer.from('half'))
      const abort = new AbortController()
      const appending = upload.append(source, { signal: abort.signal })
      await sleep(30)
      const reason = new Error('server stops')
      abort.abort(reason)
      await expect(appending).rejects.toBe(reason)
      expect(upload.offset).toBe(4)
      expect(source.destroyed).toBe(false)
      await upload.append(Readable.from([Buffer.from(' whole')]))
      expect((await upload.commit(digestOf(Buffer.from('half whole')))).size).toBe(10)
    })

    it('takes nothing when the signal was aborted before', async () => {
      const upload = await store.createUpload()
      const source = Readable.from([Buffer.from('bytes')])
      const reason = new Error('gone already')
      await expect(upload.append(source, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
      expect(upload.offset).toBe(0)
    })
  })

  describe('resuming', () => {
    it('goes on after a restart', async () => {
      const bytes = randomBytes(3 * mebibyte)
      const upload = await store.createUpload()
      await upload.append(inPieces(bytes.subarray(0, 2_000_001), 65_536))
      const resumed = await (await under.reopen()).resumeUpload(upload.id)
      expect(resumed?.id).toBe(upload.id)
      expect(resumed?.offset).toBe(2_000_001)
      await resumed?.append(inPieces(bytes.subarray(2_000_001), 65_536))
      const stored = await resumed?.commit(digestOf(bytes))
      await expectBytes(store, keyOf(stored), bytes)
    })

    it('commits after a restart without another append', async () => {
      const bytes = randomBytes(mebibyte + 1)
      const upload = await store.createUpload()
      await upload.append(inPieces(bytes, 65_536))
      const resumed = await (await under.reopen()).resumeUpload(upload.id)
      expect((await resumed?.commit(digestOf(bytes)))?.size).toBe(bytes.length)
    })

    it('takes turns between two replicas', async () => {
      const bytes = randomBytes(600_000)
      const { id } = await store.createUpload()
      const replicas = [store, await under.reopen()]
      for (let turn = 0; turn < 6; turn += 1) {
        const upload = await replicas[turn % 2]?.resumeUpload(id)
        expect(upload?.offset).toBe(turn * 100_000)
        await upload?.append(inPieces(bytes.subarray(turn * 100_000, (turn + 1) * 100_000), 9000))
      }
      const stored = await (await replicas[0]?.resumeUpload(id))?.commit(digestOf(bytes))
      await expectBytes(store, keyOf(stored), bytes)
      expect(await replicas[1]?.resumeUpload(id)).toBeUndefined()
    })

    it('finds nothing for an id that never was, or that is no id', async () => {
      for (const id of [
        '5f0c1f3e-3f4b-4c55-9c77-000000000000',
        '',
        '..',
        '../blobs',
        'a/b',
        '%2e%2e',
        '\0',
      ]) {
        expect(await store.resumeUpload(id as UploadId)).toBeUndefined()
      }
    })
  })

  describe('reading from an upload', () => {
    it('gives what has been appended, from any position, and 0 beyond', async () => {
      const upload = await uploadOf(store, Buffer.from('0123456789'))
      const target = Buffer.alloc(4)
      expect(await upload.readAt(0, target)).toBe(4)
      expect(target.toString()).toBe('0123')
      expect(await upload.readAt(7, target)).toBe(3)
      expect(target.subarray(0, 3).toString()).toBe('789')
      expect(await upload.readAt(10, target)).toBe(0)
      expect(await upload.readAt(99, target)).toBe(0)
    })

    it('follows an append by its progress', async () => {
      const upload = await store.createUpload()
      const source = new Readable({ read: () => undefined })
      const progress: number[] = []
      const appending = upload.append(source, { onProgress: (offset) => progress.push(offset) })
      const target = Buffer.alloc(100)
      source.push(Buffer.from('first'))
      await until(() => progress.length > 0)
      expect(await upload.readAt(0, target)).toBe(5)
      source.push(Buffer.from(' second'))
      await until(() => progress.at(-1) === 12)
      expect(await upload.readAt(5, target)).toBe(7)
      source.push(null)
      expect(await appending).toBe(12)
      expect(progress.toSorted((a, b) => a - b)).toEqual(progress)
    })
  })
}
