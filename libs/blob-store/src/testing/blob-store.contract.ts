import { randomBytes } from 'node:crypto'

import { digestOf } from '@entrepot/kernel'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import type { BlobStore, StorageKey, StoredBlob } from '../blob-store.js'
import type { BlobStoreUnderTest } from './blob-store-under-test.js'
import { blobUploadContract } from './blob-upload.contract.js'
import { drain, expectBytes, inPieces, keyOf, opened, uploadOf } from './contract-bytes.js'

export interface BlobStoreContractOptions {
  /** A store with about 8 MiB of space, or why there can be none here. */
  readonly makeSmall: (() => Promise<BlobStoreUnderTest>) | { readonly skipped: string }
}

const mebibyte = 1024 * 1024

/** Every sentence of the port, for every implementation of it. */
export function blobStoreContract(
  name: string,
  make: () => Promise<BlobStoreUnderTest>,
  options: BlobStoreContractOptions,
): void {
  describe(`${name} is a blob store`, () => {
    let under: BlobStoreUnderTest
    let store: BlobStore

    beforeEach(async () => {
      under = await make()
      store = under.store
    })
    afterEach(() => under.dispose())

    blobUploadContract(() => under)

    describe('a blob', () => {
      const bytes = randomBytes(100_000)
      let blob: StoredBlob

      beforeEach(async () => {
        blob = await (await uploadOf(store, bytes)).commit(digestOf(bytes))
      })

      it.each([
        ['the first byte', 0, 0],
        ['the last byte', 99_999, 99_999],
        ['some in the middle', 123, 45_678],
        ['all of it', 0, 99_999],
      ])('is read by range: %s', async (_, start, end) => {
        const body = await opened(store, blob.key, { range: { start, end } })
        expect(body.size).toBe(end - start + 1)
        expect(await drain(body, 4096)).toEqual(bytes.subarray(start, end + 1))
      })

      it.each([
        [99_999, 100_000],
        [100_000, 100_000],
        [-1, 5],
        [6, 5],
      ])('refuses the range %i-%i', async (start, end) => {
        await expect(store.open(blob.key, { range: { start, end } })).rejects.toMatchObject({
          code: 'RANGE_NOT_SATISFIABLE',
        })
      })

      it('goes on answering 0 at its end', async () => {
        const body = await opened(store, blob.key)
        const target = Buffer.alloc(200_000)
        let total = 0
        for (let count = -1; count !== 0; total += count) count = await body.read(target)
        expect(total).toBe(100_000)
        expect(await body.read(target)).toBe(0)
        await body.close()
      })

      it('may be closed again, and is not read after', async () => {
        const body = await opened(store, blob.key)
        await body.close()
        await body.close()
        await expect(body.read(Buffer.alloc(10))).rejects.toThrow('closed')
      })

      it('rejects a pending read when it is closed', async () => {
        const body = await opened(store, blob.key)
        const reading = body.read(Buffer.alloc(10))
        const closing = body.close()
        await expect(reading).rejects.toThrow('closed')
        await closing
      })

      it('rejects with the reason of its signal', async () => {
        const abort = new AbortController()
        const body = await opened(store, blob.key, { signal: abort.signal })
        expect(await body.read(Buffer.alloc(10))).toBe(10)
        const reason = new Error('client left')
        const reading = body.read(Buffer.alloc(10))
        abort.abort(reason)
        await expect(reading).rejects.toBe(reason)
        await expect(body.read(Buffer.alloc(10))).rejects.toBe(reason)
        await body.close()
      })

      it('is not opened for a signal that has aborted', async () => {
        const reason = new Error('client left')
        await expect(store.open(blob.key, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
      })

      it('is gone after delete, which may be repeated', async () => {
        await store.delete(blob.key)
        await store.delete(blob.key)
        expect(await store.stat(blob.key)).toBeUndefined()
        expect(await store.open(blob.key)).toBeUndefined()
      })

      it('is read to its end when it is deleted meanwhile', async () => {
        const body = await opened(store, blob.key)
        const first = Buffer.alloc(1000)
        const count = await body.read(first)
        await store.delete(blob.key)
        expect(Buffer.concat([first.subarray(0, count), await drain(body, 4096)])).toEqual(bytes)
      })

      it('is there after a restart', async () => {
        await expectBytes(await under.reopen(), blob.key, bytes)
      })

      it('is not found by a text that is no key', async () => {
        for (const key of ['', '..', '../uploads', 'aa/../../x', blob.key.toUpperCase() + 'x', '\0']) {
          expect(await store.stat(key as StorageKey)).toBeUndefined()
          expect(await store.open(key as StorageKey)).toBeUndefined()
          await store.delete(key as StorageKey)
        }
        await expectBytes(store, blob.key, bytes)
      })
    })

    it('says that it can be written to', async () => {
      await expect(store.check()).resolves.toBeUndefined()
    })
  })

  describe(`${name} without space`, () => {
    let under: BlobStoreUnderTest

    beforeEach(async (context) => {
      if ('skipped' in options.makeSmall) context.skip(options.makeSmall.skipped)
      else under = await options.makeSmall()
    })
    afterEach(() => under?.dispose())

    it('fails the append, keeps what fitted, serves reads, and goes on once there is space', async () => {
      const { store } = under
      const bytes = randomBytes(6 * mebibyte)
      const other = await (
        await uploadOf(store, bytes.subarray(0, 4 * mebibyte))
      ).commit(digestOf(bytes.subarray(0, 4 * mebibyte)))
      const upload = await store.createUpload()
      await expect(upload.append(inPieces(bytes, 65_536))).rejects.toMatchObject({ code: 'STORAGE_FULL' })
      const kept = upload.offset
      expect(kept).toBeLessThan(bytes.length)
      const target = Buffer.alloc(1000)
      expect(await upload.readAt(Math.max(0, kept - 1000), target)).toBe(1000)
      expect(target).toEqual(bytes.subarray(kept - 1000, kept))
      await expectBytes(store, other.key, bytes.subarray(0, 4 * mebibyte))
      await store.delete(other.key)
      const resumed = await store.resumeUpload(upload.id)
      expect(resumed?.offset).toBe(kept)
      await resumed?.append(inPieces(bytes.subarray(kept), 65_536))
      const stored = await resumed?.commit(digestOf(bytes))
      await expectBytes(store, keyOf(stored), bytes)
    })
  })
}
