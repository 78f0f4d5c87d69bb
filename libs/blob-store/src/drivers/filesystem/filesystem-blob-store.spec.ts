import { execFileSync } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtempSync, rmdirSync } from 'node:fs'
import { mkdtemp, open, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { digestOf } from '@entrepot/kernel'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { UploadId } from '../../blob-store.js'
import { blobStoreContract } from '../../testing/blob-store.contract.js'
import type { BlobStoreUnderTest } from '../../testing/blob-store-under-test.js'
import { FilesystemBlobStore } from './filesystem-blob-store.js'

blobStoreContract('FilesystemBlobStore', () => makeStore(), { makeSmall: smallStore() })

describe('FilesystemBlobStore on disk', () => {
  let root: string
  let store: FilesystemBlobStore

  beforeEach(async () => {
    root = await temporaryFolder()
    store = await FilesystemBlobStore.at(root)
  })
  afterEach(() => rm(root, { recursive: true, force: true }))

  it('keeps an upload under uploads/<id> and a blob under blobs/<first two of key>/<key>', async () => {
    const bytes = randomBytes(1000)
    const upload = await store.createUpload()
    await upload.append(Readable.from([bytes]))
    expect(await readFile(join(root, 'uploads', upload.id))).toEqual(bytes)
    const { key } = await upload.commit(digestOf(bytes))
    expect(await readdir(join(root, 'uploads'))).toEqual([])
    expect(await readFile(join(root, 'blobs', key.slice(0, 2), key))).toEqual(bytes)
  })

  it('leaves nothing behind after a wrong digest, a cancel and a check', async () => {
    const wrong = await store.createUpload()
    await wrong.append(Readable.from([randomBytes(10)]))
    await expect(wrong.commit(digestOf(Buffer.from('other')))).rejects.toMatchObject({
      code: 'DIGEST_INVALID',
    })
    await (await store.createUpload()).cancel()
    await store.check()
    expect(await readdir(join(root, 'uploads'))).toEqual([])
    expect(await readdir(join(root, 'blobs'))).toEqual([])
  })

  it('leaves neither a blob nor an upload when the bytes can not be synced', async () => {
    const bytes = randomBytes(1000)
    const upload = await store.createUpload()
    await upload.append(Readable.from([bytes]))
    const probe = await open(root)
    const full = Object.assign(new Error('no space'), { code: 'ENOSPC' })
    const failing = vi.spyOn(Object.getPrototypeOf(probe), 'datasync').mockRejectedValueOnce(full)
    await probe.close()
    await expect(upload.commit(digestOf(bytes))).rejects.toMatchObject({ code: 'STORAGE_FULL' })
    failing.mockRestore()
    expect(await readdir(join(root, 'uploads'))).toEqual([])
    expect(await readdir(join(root, 'blobs'))).toEqual([])
    await expect(upload.commit(digestOf(bytes))).rejects.toMatchObject({ code: 'BLOB_UPLOAD_UNKNOWN' })
  })

  it('reads no file outside its folders, whatever the id', async () => {
    await writeFile(join(root, 'secret'), 'secret')
    for (const id of ['../secret', '..%2fsecret', `${root}/secret`, 'secret\0']) {
      expect(await store.resumeUpload(id as UploadId)).toBeUndefined()
    }
  })

  it('takes the size of the file for the offset after a crash in the middle of a write', async () => {
    const bytes = randomBytes(10_000)
    const id = randomUUID() as string as UploadId
    await writeFile(join(root, 'uploads', id), bytes.subarray(0, 1234))
    const upload = await store.resumeUpload(id)
    expect(upload?.offset).toBe(1234)
    await upload?.append(Readable.from([bytes.subarray(1234)]))
    expect((await upload?.commit(digestOf(bytes)))?.size).toBe(10_000)
  })

  it('does not commit bytes that changed on disk before the hash saw them', async () => {
    const bytes = randomBytes(10_000)
    const upload = await store.createUpload()
    await upload.append(Readable.from([bytes]))
    await writeFile(join(root, 'uploads', upload.id), randomBytes(10_000))
    const restarted = await FilesystemBlobStore.at(root)
    const resumed = await restarted.resumeUpload(upload.id)
    await expect(resumed?.commit(digestOf(bytes))).rejects.toMatchObject({ code: 'DIGEST_INVALID' })
  })

  it('fails a read when the file of a blob is shorter than it was', async () => {
    const bytes = randomBytes(10_000)
    const upload = await store.createUpload()
    await upload.append(Readable.from([bytes]))
    const { key } = await upload.commit(digestOf(bytes))
    const body = await store.open(key)
    await writeFile(join(root, 'blobs', key.slice(0, 2), key), bytes.subarray(0, 10))
    expect(await body?.read(Buffer.alloc(100))).toBe(10)
    await expect(body?.read(Buffer.alloc(100))).rejects.toThrow('ends at 10, expected 10000')
    await body?.close()
  })

  it('says BLOB_UPLOAD_UNKNOWN when another replica has ended the upload meanwhile', async () => {
    const upload = await store.createUpload()
    await rm(join(root, 'uploads', upload.id))
    await expect(upload.append(Readable.from([Buffer.from('x')]))).rejects.toMatchObject({
      code: 'BLOB_UPLOAD_UNKNOWN',
    })
  })

  it('does not take an error of the chunk for one of its own', async () => {
    const upload = await store.createUpload()
    const failure = Object.assign(new Error('no such file upstream'), { code: 'ENOENT' })
    const source = new Readable({ read: () => source.destroy(failure) })
    await expect(upload.append(source)).rejects.toBe(failure)
  })

  it('sweeps uploads that nobody has appended to for long, and leaves the others', async () => {
    const old = await store.createUpload()
    const recent = await store.createUpload()
    const lastWeek = new Date(2026, 1, 1)
    await utimes(join(root, 'uploads', old.id), lastWeek, lastWeek)
    await writeFile(join(root, 'uploads', 'notes.txt'), 'not ours')
    await utimes(join(root, 'uploads', 'notes.txt'), lastWeek, lastWeek)
    expect(await store.sweepUploads(new Date(2026, 1, 2))).toBe(1)
    expect(await store.resumeUpload(old.id)).toBeUndefined()
    expect((await store.resumeUpload(recent.id))?.offset).toBe(0)
    expect(await stat(join(root, 'uploads', 'notes.txt'))).toBeDefined()
  })

  it('does not sweep an upload that is being appended to', async () => {
    const upload = await store.createUpload()
    const source = new Readable({ read: () => undefined })
    source.push(Buffer.from('slow'))
    const appending = upload.append(source)
    expect(await store.sweepUploads(new Date('9999-01-01'))).toBe(0)
    source.push(null)
    expect(await appending).toBe(4)
  })

  it('can not be written to when its folder is gone', async () => {
    await rm(root, { recursive: true })
    await expect(store.check()).rejects.toMatchObject({ code: 'ENOENT' })
    await expect(store.createUpload()).rejects.toMatchObject({ code: 'ENOENT' })
  })
})

async function makeStore(): Promise<BlobStoreUnderTest> {
  const root = await temporaryFolder()
  return underTest(root, () => rm(root, { recursive: true, force: true }))
}

/** A full disk needs a file system of its own: a small tmpfs, which root can mount, though not in every container. */
function smallStore(): (() => Promise<BlobStoreUnderTest>) | { skipped: string } {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    return { skipped: 'a full disk is tried only as root on Linux: it takes a small tmpfs' }
  }
  const probe = mkdtempSync(join(tmpdir(), 'entrepot-mount-'))
  try {
    mountSmall(probe)
    unmount(probe)
  } catch (error) {
    if (process.env['CI'] === 'true') throw error
    return { skipped: `a full disk can't be tried here: ${String(error)}` }
  } finally {
    rmdirSync(probe)
  }
  return async () => {
    const root = await temporaryFolder()
    mountSmall(root)
    return underTest(root, async () => {
      unmount(root)
      await rm(root, { recursive: true })
    })
  }
}

function mountSmall(folder: string): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', folder], { stdio: 'pipe' })
}

function unmount(folder: string): void {
  execFileSync('umount', [folder], { stdio: 'pipe' })
}

async function underTest(root: string, dispose: () => Promise<void>): Promise<BlobStoreUnderTest> {
  return {
    store: await FilesystemBlobStore.at(root),
    reopen: () => FilesystemBlobStore.at(root),
    dispose,
  }
}

function temporaryFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'entrepot-blobs-'))
}
