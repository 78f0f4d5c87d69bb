import { digestOf } from '@entrepot/kernel'
import { FakeSecretBox } from '@entrepot/kernel/testing'
import type { ImageName } from '@entrepot/oci-model'
import type { RepositoryId } from '@entrepot/repositories'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createRepository, fakeBlob, newManifest } from '../testing/content.js'
import { TestDatabase } from '../testing/test-database.js'
import { PostgresBlobIndex } from './blob-index.store.js'
import { PostgresManifestStore } from './manifest.store.js'
import { PostgresRepositoryStore } from './repository.store.js'

const image = 'team/app' as ImageName

describe('PostgresBlobIndex', () => {
  let db: TestDatabase
  let index: PostgresBlobIndex
  let repository: RepositoryId
  let other: RepositoryId

  beforeAll(async () => {
    db = await TestDatabase.create()
    index = new PostgresBlobIndex(db.database)
  })
  afterAll(() => db.close())
  beforeEach(async () => {
    repository = await createRepository(db)
    other = await createRepository(db)
  })

  const outbox = async () => {
    const rows = await db.database.query<{ key: string }>(
      { text: 'SELECT storage_key AS key FROM storage_deletions ORDER BY storage_key' },
      [],
    )
    return rows.map(({ key }) => key)
  }

  it('finds a linked blob, in its repository and image only', async () => {
    const blob = { ...fakeBlob('linked'), size: 5 * 1024 ** 4 }
    expect(await index.link(repository, image, blob)).toEqual(blob)
    expect(await index.find(repository, image, blob.digest)).toEqual(blob)
    expect(await index.find(other, image, blob.digest)).toBeUndefined()
    expect(await index.find(repository, 'team/other' as ImageName, blob.digest)).toBeUndefined()
    expect(await index.findAnywhere(blob.digest)).toEqual(blob)
    expect(await index.findAnywhere(digestOf(Buffer.from('unknown')))).toBeUndefined()
  })

  it('answers many concurrent readers each with their own blob', async () => {
    const blobs = Array.from({ length: 100 }, (_, n) => fakeBlob(`concurrent ${n}`))
    await Promise.all(blobs.map((blob) => index.link(repository, image, blob)))
    const found = await Promise.all(blobs.map((blob) => index.find(repository, image, blob.digest)))
    expect(found).toEqual(blobs)
  })

  it('finds those of several that the repository holds', async () => {
    const [held, elsewhere] = [fakeBlob('several: held'), fakeBlob('several: elsewhere')]
    await index.link(repository, image, held)
    await index.link(other, image, elsewhere)
    const unknown = digestOf(Buffer.from('several: unknown'))
    expect(await index.findAll(repository, image, [elsewhere.digest, unknown, held.digest])).toEqual([held])
    expect(await index.findAll(repository, image, [])).toEqual([])
  })

  it('keeps the bytes that were known first', async () => {
    const first = fakeBlob('twice', 'first key')
    await index.link(repository, image, first)
    expect(await index.link(other, image, fakeBlob('twice', 'second key'))).toEqual(first)
    expect(await index.find(other, image, first.digest)).toEqual(first)
  })

  it('gives all of many concurrent uploads of one digest the same key', async () => {
    const copies = Array.from({ length: 20 }, (_, n) => fakeBlob('uploaded by many', `copy ${n}`))
    const stored = await Promise.all(
      copies.map((copy, n) => index.link(n % 2 === 0 ? repository : other, image, copy)),
    )
    expect(new Set(stored.map(({ key }) => key)).size).toBe(1)
    expect(await index.holders(stored[0]?.digest ?? digestOf(Buffer.of()))).toHaveLength(2)
  })

  it('refuses to link into a repository that is gone', async () => {
    const gone = 2_000_000_000 as RepositoryId
    await expect(index.link(gone, image, fakeBlob('late'))).rejects.toMatchObject({ code: 'NAME_UNKNOWN' })
    expect(await index.findAnywhere(fakeBlob('late').digest)).toBeUndefined()
  })

  it('unlinks a blob and notes it for the collector', async () => {
    const blob = fakeBlob('unlinked')
    await index.link(repository, image, blob)
    expect(await index.unlink(repository, image, blob.digest)).toBe(true)
    expect(await index.unlink(repository, image, blob.digest)).toBe(false)
    expect(await index.find(repository, image, blob.digest)).toBeUndefined()
    const rows = await db.database.query({ text: 'SELECT kind FROM gc_review WHERE key = $1' }, [blob.digest])
    expect(rows).toEqual([{ kind: 'blob' }])
  })

  it('does not unlink a blob that a manifest needs, and names the manifest', async () => {
    const blob = fakeBlob('needed')
    await index.link(repository, image, blob)
    const manifest = newManifest('needs it', { blobs: [blob.digest] })
    await new PostgresManifestStore(db.database).put(repository, image, manifest, [], 'ann')
    await expect(index.unlink(repository, image, blob.digest)).rejects.toMatchObject({
      code: 'DENIED',
      message: expect.stringContaining(`team/app@${manifest.digest}`) as string,
    })
    expect(await index.find(repository, image, blob.digest)).toEqual(blob)
  })

  it('does not unlink from one image what another has, and lets one go that another needs', async () => {
    const blob = fakeBlob('in two images')
    const base = 'team/base' as ImageName
    await index.link(repository, image, blob)
    await index.link(repository, base, blob)
    const needing = newManifest('needs what two have', { blobs: [blob.digest] })
    await new PostgresManifestStore(db.database).put(repository, base, needing, [], 'ann')
    expect(await index.unlink(repository, image, blob.digest)).toBe(true)
    expect(await index.find(repository, image, blob.digest)).toBeUndefined()
    expect(await index.find(repository, base, blob.digest)).toEqual(blob)
    await expect(index.unlink(repository, base, blob.digest)).rejects.toMatchObject({ code: 'DENIED' })
  })

  it('adopts a blob that is there, and adds none that is not', async () => {
    const blob = fakeBlob('adopted')
    await index.link(other, image, blob)
    expect(await index.adopt(repository, image, blob.digest)).toEqual(blob)
    expect(await index.adopt(repository, image, blob.digest)).toEqual(blob)
    expect(await index.find(repository, image, blob.digest)).toEqual(blob)
    const gone = fakeBlob('collected meanwhile').digest
    expect(await index.adopt(repository, image, gone)).toBeUndefined()
    expect(await index.findAnywhere(gone)).toBeUndefined()
  })

  it('does not adopt a blob that the collector is deleting', async () => {
    const blob = fakeBlob('being deleted')
    await index.link(other, image, blob)
    await index.unlink(other, image, blob.digest)
    const adopted = await db.database.transaction(async (collector) => {
      await collector.query({ text: 'DELETE FROM blobs WHERE digest = $1' }, [blob.digest])
      const adopting = index.adopt(repository, image, blob.digest)
      await new Promise((resolve) => setTimeout(resolve, 100))
      return { adopting }
    })
    expect(await adopted.adopting).toBeUndefined()
    expect(await index.findAnywhere(blob.digest)).toBeUndefined()
  })

  it('refuses to adopt into a repository that is gone', async () => {
    const blob = fakeBlob('adopted too late')
    await index.link(other, image, blob)
    const gone = 2_000_000_000 as RepositoryId
    await expect(index.adopt(gone, image, blob.digest)).rejects.toMatchObject({ code: 'NAME_UNKNOWN' })
  })

  it('adopts what another image of the repository brought, when a cached manifest lists it', async () => {
    const blob = fakeBlob('base layer')
    const base = 'library/base' as ImageName
    const manifests = new PostgresManifestStore(db.database)
    const cached = newManifest('cached', { blobs: [blob.digest], needsBlobs: false })
    await manifests.put(repository, image, cached, [], 'upstream')
    await index.link(other, base, blob)
    expect(await index.adoptListed(repository, image, blob.digest)).toBeUndefined()
    await index.link(repository, base, blob)
    expect(await index.adoptListed(repository, 'team/unlisted' as ImageName, blob.digest)).toBeUndefined()
    expect(await index.adoptListed(repository, image, blob.digest)).toEqual(blob)
    expect(await index.find(repository, image, blob.digest)).toEqual(blob)
  })

  it('does not adopt what a cached manifest only says lies elsewhere', async () => {
    const blob = fakeBlob('private layer')
    const manifests = new PostgresManifestStore(db.database)
    const cached = newManifest('claims it', { foreign: [blob.digest], needsBlobs: false })
    await manifests.put(repository, 'team/claims' as ImageName, cached, [], 'upstream')
    await index.link(repository, 'team/private' as ImageName, blob)
    expect(await index.adoptListed(repository, 'team/claims' as ImageName, blob.digest)).toBeUndefined()
    const windows = 'team/windows' as ImageName
    await manifests.put(repository, windows, cached, [], 'upstream')
    await index.link(repository, windows, blob)
    expect(await index.adoptListed(repository, 'team/claims' as ImageName, blob.digest)).toEqual(blob)
  })

  it('names the images that hold a blob, by repository and name', async () => {
    const blob = fakeBlob('held by two')
    const otherImage = 'team/a' as ImageName
    await index.link(other, image, blob)
    await index.link(repository, image, blob)
    await index.link(repository, otherImage, blob)
    const keys = (await new PostgresRepositoryStore(db.database, new FakeSecretBox()).list())
      .filter(({ id }) => id === repository || id === other)
      .map(({ config }) => config.key)
    expect(await index.holders(blob.digest)).toEqual(
      keys.flatMap((key, n) =>
        n === 0
          ? [
              { repository: key, image: otherImage },
              { repository: key, image },
            ]
          : [{ repository: key, image }],
      ),
    )
    expect(await index.holders(digestOf(Buffer.from('held by none')))).toEqual([])
  })

  it('replaces a key whose bytes were lost, once', async () => {
    const key = (text: string) => text as ReturnType<typeof fakeBlob>['key']
    const blob = fakeBlob('lost', 'lost key')
    await index.link(repository, image, blob)
    await index.replaceKey(blob.digest, key('lost key'), key('found key'))
    expect((await index.find(repository, image, blob.digest))?.key).toBe('found key')
    await index.replaceKey(blob.digest, key('lost key'), key('found too late'))
    await index.replaceKey(blob.digest, key('lost key'), key('found key'))
    expect((await index.find(repository, image, blob.digest))?.key).toBe('found key')
    expect(await outbox()).toEqual(['found too late', 'lost key'])
  })
})
