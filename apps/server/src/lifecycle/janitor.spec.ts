import { Readable } from 'node:stream'
import type { UploadId } from '@entrepot/blob-store'
import { FilesystemBlobStore } from '@entrepot/blob-store'
import { silentLogger, systemClock } from '@entrepot/kernel'
import type { ImageName } from '@entrepot/oci-model'
import { InMemoryUploadStore } from '@entrepot/oci-repository/testing'
import type { RepositoryId } from '@entrepot/repositories'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Janitor } from './janitor.js'

const hour = 60 * 60_000

describe('the janitor', () => {
  let folder: string
  let blobs: FilesystemBlobStore
  let uploads: InMemoryUploadStore
  let now: number

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'entrepot-janitor-'))
    blobs = await FilesystemBlobStore.at(folder)
    uploads = new InMemoryUploadStore()
    now = Date.parse('2026-11-20T12:00:00Z')
  })
  afterEach(() => rm(folder, { recursive: true }))

  const janitor = () => new Janitor(uploads, blobs, { now: () => now }, silentLogger)

  const upload = async (expiresInHours: number): Promise<UploadId> => {
    const { id, append } = await blobs.createUpload().then((created) => ({
      id: created.id,
      append: () => created.append(Readable.from([Buffer.from('half a blob')])),
    }))
    await append()
    await uploads.create({
      id,
      repository: 1 as RepositoryId,
      image: 'team/app' as ImageName,
      owner: 'ada',
      expiresAt: new Date(now + expiresInHours * hour),
    })
    return id
  }

  it('removes uploads that have expired, their bytes and their records, and no others', async () => {
    const [expired, running] = [await upload(-1), await upload(1)]
    await janitor().clean()
    expect(await blobs.resumeUpload(expired)).toBeUndefined()
    expect(await uploads.find(expired)).toBeUndefined()
    expect((await blobs.resumeUpload(running))?.offset).toBe(11)
    expect(await uploads.find(running)).toBeDefined()
  })

  it('removes the record of an upload whose bytes are gone', async () => {
    const expired = await upload(-1)
    await (await blobs.resumeUpload(expired))?.cancel()
    await janitor().clean()
    expect(await uploads.find(expired)).toBeUndefined()
  })

  it('removes bytes that no record can know any more', async () => {
    const { id } = await blobs.createUpload()
    now = systemClock.now() + 51 * hour
    await janitor().clean()
    expect(await blobs.resumeUpload(id)).toBeDefined()
    now = systemClock.now() + 53 * hour
    await janitor().clean()
    expect(await blobs.resumeUpload(id)).toBeUndefined()
  })

  it('leaves for the next round what it can not remove now', async () => {
    const expired = await upload(-1)
    const failing = Object.assign(Object.create(blobs) as FilesystemBlobStore, {
      resumeUpload: () => Promise.reject(new Error('EIO')),
      sweepUploads: () => Promise.resolve(0),
    })
    await new Janitor(uploads, failing, { now: () => now }, silentLogger).clean()
    expect(await uploads.find(expired)).toBeDefined()
  })
})
