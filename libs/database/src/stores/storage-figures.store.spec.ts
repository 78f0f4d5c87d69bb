import { FakeSecretBox } from '@entrepot/kernel/testing'
import type { ImageName, Tag } from '@entrepot/oci-model'
import { remoteConfig, virtualConfig } from '@entrepot/repositories/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createRepository, fakeBlob, newManifest } from '../testing/content.js'
import { TestDatabase } from '../testing/test-database.js'
import { PostgresBlobIndex } from './blob-index.store.js'
import { PostgresManifestStore } from './manifest.store.js'
import { PostgresRepositoryStore } from './repository.store.js'
import { PostgresStorageFigures } from './storage-figures.store.js'

let db: TestDatabase
beforeAll(async () => {
  db = await TestDatabase.create()
})
afterAll(() => db.close())

it('counts what each repository has, and what is stored once for all of them', async () => {
  const figures = new PostgresStorageFigures(db.database)
  const nothing = { blobs: 0, blobBytes: 0, manifests: 0, manifestBytes: 0, repositories: [] }
  expect(await figures.summary()).toEqual(nothing)

  const blobs = new PostgresBlobIndex(db.database)
  const manifests = new PostgresManifestStore(db.database)
  const stores = new PostgresRepositoryStore(db.database, new FakeSecretBox())
  const full = await createRepository(db)
  const other = await createRepository(db)
  const keys = (await stores.list()).map(({ config }) => config.key)
  await stores.create(remoteConfig('zz-empty', 'https://registry-1.docker.io'))
  await stores.create(virtualConfig('zz-virtual', keys))

  const [shared, own] = [fakeBlob('shared by all'), fakeBlob('own')]
  const [app, base] = ['team/app', 'team/base'] as ImageName[]
  await blobs.link(full, app!, shared)
  await blobs.link(full, base!, shared)
  await blobs.link(full, app!, own)
  await blobs.link(other, app!, shared)
  const first = newManifest('first', { blobs: [shared.digest, own.digest] })
  await manifests.put(full, app!, first, ['1', 'latest'] as Tag[], 'ann')
  await manifests.put(full, base!, newManifest('second', { blobs: [shared.digest] }), ['1'] as Tag[], 'ann')

  const bytes = shared.size + own.size
  const none = { images: 0, tags: 0, manifests: 0, blobs: 0, bytes: 0 }
  expect(await figures.summary()).toEqual({
    blobs: 2,
    blobBytes: bytes,
    manifests: 2,
    manifestBytes: 'first'.length + 'second'.length,
    repositories: [
      { key: keys[0], images: 2, tags: 3, manifests: 2, blobs: 2, bytes: bytes + 11 },
      { ...none, key: keys[1], blobs: 1, bytes: shared.size },
      { ...none, key: 'zz-empty' },
    ],
  })
})
