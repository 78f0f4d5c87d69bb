import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import type { BlobBody } from '../blob-body.js'
import type { BlobStore, BlobUpload, StorageKey, StoredBlob } from '../blob-store.js'

export async function uploadOf(store: BlobStore, bytes: Buffer): Promise<BlobUpload> {
  const upload = await store.createUpload()
  await upload.append(inPieces(bytes, 65_536))
  return upload
}

export function inPieces(bytes: Buffer, size: number): Readable {
  return Readable.from(pieces(bytes, size))
}

function* pieces(bytes: Buffer, size: number): Generator<Buffer> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size)
}

export function breakingOff(bytes: Buffer, failure: Error): Readable {
  return Readable.from(
    (function* () {
      yield* pieces(bytes, 65_536)
      throw failure
    })(),
  )
}

export async function opened(
  store: BlobStore,
  key: StorageKey,
  options?: Parameters<BlobStore['open']>[1],
): Promise<BlobBody> {
  const body = await store.open(key, options)
  if (body === undefined) throw new Error(`there is no blob ${key}`)
  return body
}

/** Compared as a whole: a difference between megabytes is not worth printing. */
export async function expectBytes(store: BlobStore, key: StorageKey, bytes: Buffer): Promise<void> {
  const found = await drain(await opened(store, key), 65_536)
  expect(found.length).toBe(bytes.length)
  expect(found.equals(bytes)).toBe(true)
}

export async function drain(body: BlobBody, size: number): Promise<Buffer> {
  const parts: Buffer[] = []
  for (;;) {
    const target = Buffer.alloc(size)
    const count = await body.read(target)
    if (count === 0) break
    parts.push(target.subarray(0, count))
  }
  await body.close()
  return Buffer.concat(parts)
}

export function keyOf(stored: StoredBlob | undefined): StorageKey {
  if (stored === undefined) throw new Error('nothing was stored')
  return stored.key
}

export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(1)
}
