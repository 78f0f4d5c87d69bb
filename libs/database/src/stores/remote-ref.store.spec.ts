import { digestOf } from '@entrepot/kernel'
import type { ImageName } from '@entrepot/oci-model'
import type { RemoteRef } from '@entrepot/oci-repository'
import type { RepositoryId } from '@entrepot/repositories'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createRepository, newManifest } from '../testing/content.js'
import { TestDatabase } from '../testing/test-database.js'
import { PostgresManifestStore } from './manifest.store.js'
import { PostgresRemoteRefStore } from './remote-ref.store.js'

const image = 'library/alpine' as ImageName

describe('PostgresRemoteRefStore', () => {
  let db: TestDatabase
  let store: PostgresRemoteRefStore
  let manifests: PostgresManifestStore
  let repository: RepositoryId

  beforeAll(async () => {
    db = await TestDatabase.create()
    store = new PostgresRemoteRefStore(db.database)
    manifests = new PostgresManifestStore(db.database)
  })
  afterAll(() => db.close())
  beforeEach(async () => {
    repository = await createRepository(db)
  })

  const found = (changes: Partial<RemoteRef> = {}): RemoteRef => ({
    ref: 'latest',
    status: 'found',
    digest: digestOf(Buffer.from('seen')),
    etag: '"etag"',
    checkedAt: new Date('2026-05-01T12:00:00.123Z'),
    freshUntil: new Date('2026-05-01T12:10:00.456Z'),
    ...changes,
  })

  it('gives back what was put, and the manifest where it is stored', async () => {
    const manifest = newManifest('cached')
    await manifests.put(repository, image, manifest, [], 'docker-hub')
    const ref = found({ digest: manifest.digest })
    await store.put(repository, image, ref)
    const { digest, mediaType, bytes } = manifest
    expect(await store.find(repository, image, 'latest')).toEqual({
      ref,
      manifest: { digest, mediaType, bytes },
    })
  })

  it('knows of which images anything was found', async () => {
    const other = 'library/other' as ImageName
    expect(await store.hasFound(repository, image)).toBe(false)
    await store.put(repository, image, found({ status: 'missing' }))
    expect(await store.hasFound(repository, image)).toBe(false)
    await store.put(repository, image, found({ ref: 'another' }))
    await store.put(repository, other, found({ status: 'missing' }))
    expect(await store.hasFound(repository, image)).toBe(true)
    expect(await store.hasFound(repository, other)).toBe(false)
    expect(await store.hasFound(await createRepository(db), image)).toBe(false)
  })

  it('ends what is fresh of some references, an image, or all of it, and keeps the rest', async () => {
    const now = new Date('2026-05-01T12:05:00Z')
    const other = 'library/other' as ImageName
    const elsewhere = await createRepository(db)
    const freshness = async (of: ImageName, ref: string, where = repository) =>
      (await store.find(where, of, ref))?.ref.freshUntil
    const fresh = found().freshUntil
    const past = new Date('2026-05-01T12:01:00Z')
    await store.put(repository, image, found())
    await store.put(repository, image, found({ ref: 'gone', status: 'missing' }))
    await store.put(repository, image, found({ ref: 'old', freshUntil: past }))
    await store.put(repository, other, found())
    await store.put(elsewhere, image, found())
    expect(await store.invalidate(repository, { image, refs: ['gone', 'old', 'none'] }, now)).toBe(1)
    expect(await freshness(image, 'gone')).toEqual(now)
    expect(await freshness(image, 'old')).toEqual(past)
    expect(await freshness(image, 'latest')).toEqual(fresh)
    expect(await store.invalidate(repository, { image }, now)).toBe(1)
    expect(await freshness(image, 'latest')).toEqual(now)
    expect(await freshness(other, 'latest')).toEqual(fresh)
    expect(await store.invalidate(repository, {}, now)).toBe(1)
    expect(await freshness(other, 'latest')).toEqual(now)
    expect(await freshness(image, 'latest', elsewhere)).toEqual(fresh)
    expect((await store.find(repository, image, 'latest'))?.ref).toEqual(found({ freshUntil: now }))
  })

  it('gives a reference whose manifest is not stored without one', async () => {
    const ref = found()
    await store.put(repository, image, ref)
    expect(await store.find(repository, image, 'latest')).toEqual({ ref, manifest: undefined })
  })

  it('reads a manifest that is too large for a batch', async () => {
    const manifest = newManifest('x'.repeat(300_000))
    await manifests.put(repository, image, manifest, [], 'docker-hub')
    await store.put(repository, image, found({ digest: manifest.digest }))
    expect((await store.find(repository, image, 'latest'))?.manifest?.bytes.length).toBe(300_000)
  })

  it('replaces what was said before', async () => {
    await store.put(repository, image, found())
    const missing = found({ status: 'missing', digest: undefined, etag: undefined })
    await store.put(repository, image, missing)
    expect(await store.find(repository, image, 'latest')).toEqual({ ref: missing, manifest: undefined })
  })

  it('knows each reference by repository, image and name', async () => {
    await store.put(repository, image, found())
    const other = await createRepository(db)
    const answers = await Promise.all([
      store.find(other, image, 'latest'),
      store.find(repository, 'library/other' as ImageName, 'latest'),
      store.find(repository, image, 'other'),
      store.find(repository, image, 'latest'),
    ])
    expect(answers.map((answer) => answer !== undefined)).toEqual([false, false, false, true])
  })

  it('forgets what it is told of a repository that is gone', async () => {
    const gone = 2_000_000_000 as RepositoryId
    await store.put(gone, image, found())
    expect(await store.find(gone, image, 'latest')).toBeUndefined()
  })

  it('takes many answers to one reference at the same time', async () => {
    const answers = Array.from({ length: 30 }, (_, n) => found({ etag: `"${n}"` }))
    await Promise.all(answers.map((ref) => store.put(repository, image, ref)))
    const stored = await store.find(repository, image, 'latest')
    expect(answers).toContainEqual(stored?.ref)
  })
})
