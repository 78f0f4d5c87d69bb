import { digestOf, type Digest } from '@entrepot/kernel'
import { FakeSecretBox } from '@entrepot/kernel/testing'
import type { ImageName, Tag } from '@entrepot/oci-model'
import type { NewManifest } from '@entrepot/oci-repository'
import type { RepositoryId } from '@entrepot/repositories'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createRepository, fakeBlob, newManifest } from '../testing/content.js'
import { TestDatabase } from '../testing/test-database.js'
import { PostgresBlobIndex } from './blob-index.store.js'
import { PostgresManifestStore } from './manifest.store.js'
import { PostgresRepositoryStore } from './repository.store.js'

const image = 'team/app' as ImageName
const page = { limit: 10, after: undefined }

interface TagEvent {
  readonly name: string
  readonly old_digest: string | null
  readonly new_digest: string | null
  readonly actor: string
}

describe('PostgresManifestStore', () => {
  let db: TestDatabase
  let store: PostgresManifestStore
  let blobs: PostgresBlobIndex
  let repository: RepositoryId

  beforeAll(async () => {
    db = await TestDatabase.create()
    store = new PostgresManifestStore(db.database)
    blobs = new PostgresBlobIndex(db.database)
  })
  afterAll(() => db.close())
  beforeEach(async () => {
    repository = await createRepository(db)
  })

  const tag = (...names: string[]) => names as Tag[]
  const put = (manifest: NewManifest, ...names: string[]) =>
    store.put(repository, image, manifest, tag(...names), 'ann')
  const events = () =>
    db.database.query<TagEvent>(
      {
        text: 'SELECT name, old_digest, new_digest, actor FROM tag_events WHERE repo_id = $1 ORDER BY id',
      },
      [repository],
    )

  describe('reading', () => {
    it('gives the bytes as they were put, by tag and by digest', async () => {
      const manifest = newManifest('bytes \u0000 \uFEFF')
      await put(manifest, 'latest')
      const expected = { digest: manifest.digest, mediaType: manifest.mediaType, bytes: manifest.bytes }
      expect(await store.findByTag(repository, image, 'latest' as Tag)).toEqual(expected)
      expect(await store.findByDigest(repository, image, manifest.digest)).toEqual(expected)
    })

    it('answers undefined for an unknown tag, digest, image and repository', async () => {
      const manifest = newManifest('there')
      await put(manifest, 'latest')
      const other = await createRepository(db)
      expect(await store.findByTag(repository, image, 'other' as Tag)).toBeUndefined()
      expect(await store.findByTag(repository, 'team/other' as ImageName, 'latest' as Tag)).toBeUndefined()
      expect(await store.findByTag(other, image, 'latest' as Tag)).toBeUndefined()
      expect(await store.findByDigest(other, image, manifest.digest)).toBeUndefined()
      expect(await store.findByDigest(repository, image, digestOf(Buffer.from('x')))).toBeUndefined()
    })

    it('gives each of many concurrent readers the manifest that was asked for', async () => {
      const manifests = Array.from({ length: 150 }, (_, n) => newManifest(`many ${n}`))
      for (const [n, manifest] of manifests.entries()) await put(manifest, `v${n}`)
      const asked = Array.from({ length: 600 }, (_, n) => n % 170)
      const found = await Promise.all(
        asked.map((n) => store.findByTag(repository, image, `v${n}` as Tag).then((it) => it?.digest)),
      )
      expect(found).toEqual(asked.map((n) => manifests[n]?.digest))
    })

    it('reads manifests of 4 MiB, several at once', async () => {
      const large = Array.from({ length: 3 }, (_, n) => newManifest(`${n}`.repeat(4 * 1024 * 1024)))
      for (const [n, manifest] of large.entries()) await put(manifest, `large-${n}`)
      const found = await Promise.all(
        large.map((_, n) => store.findByTag(repository, image, `large-${n}` as Tag)),
      )
      expect(found.map((it) => it?.bytes.equals(large[found.indexOf(it)]?.bytes ?? Buffer.of()))).toEqual([
        true,
        true,
        true,
      ])
    })

    it('sees a write at once', async () => {
      for (let n = 0; n < 20; n += 1) {
        const manifest = newManifest(`version ${n}`)
        await put(manifest, 'moving')
        expect((await store.findByTag(repository, image, 'moving' as Tag))?.digest).toBe(manifest.digest)
      }
    })
  })

  describe('putting', () => {
    it('stores the same manifest again without an error', async () => {
      const manifest = newManifest('again')
      await put(manifest, 'latest')
      await put(manifest, 'latest')
      expect(await events()).toHaveLength(1)
    })

    it('sets several tags, one of them named twice', async () => {
      await put(newManifest('several'), 'b', 'a', 'b')
      expect(await store.tags(repository, image, page)).toEqual(['a', 'b'])
    })

    it('records each move of a tag with what it moved from', async () => {
      const first = newManifest('first')
      const second = newManifest('second')
      await put(first, 'latest')
      await put(second, 'latest')
      await put(second, 'latest')
      await put(first, 'latest')
      const move = (from: Digest | null, to: Digest) => ({
        name: 'latest',
        old_digest: from,
        new_digest: to,
        actor: 'ann',
      })
      expect(await events()).toEqual([
        move(null, first.digest),
        move(first.digest, second.digest),
        move(second.digest, first.digest),
      ])
    })

    it('counts the revisions of a tag', async () => {
      for (const content of ['one', 'two', 'two', 'three']) await put(newManifest(content), 'latest')
      const rows = await db.database.query({ text: 'SELECT revision FROM tags WHERE repo_id = $1' }, [
        repository,
      ])
      expect(rows).toEqual([{ revision: 3 }])
    })

    it('names every blob that the repository does not hold, and stores nothing', async () => {
      const held = fakeBlob('held')
      await blobs.link(repository, image, held)
      const [missing, alsoMissing] = [fakeBlob('missing').digest, fakeBlob('also missing').digest]
      const manifest = newManifest('lacks blobs', { blobs: [missing, held.digest, alsoMissing, missing] })
      const failure = put(manifest, 'latest')
      await expect(failure).rejects.toMatchObject({
        code: 'MANIFEST_BLOB_UNKNOWN',
        detail: { digest: missing },
        siblings: [{ code: 'MANIFEST_BLOB_UNKNOWN', detail: { digest: alsoMissing } }],
      })
      expect(await store.findByDigest(repository, image, manifest.digest)).toBeUndefined()
      expect(await store.tags(repository, image, page)).toEqual([])
      expect(await events()).toEqual([])
    })

    it('does not take a blob of another repository for one of its own', async () => {
      const blob = fakeBlob('elsewhere')
      await blobs.link(await createRepository(db), image, blob)
      await expect(put(newManifest('borrows', { blobs: [blob.digest] }))).rejects.toMatchObject({
        code: 'MANIFEST_BLOB_UNKNOWN',
      })
    })

    it('accepts an index whose children are not there', async () => {
      const children = [digestOf(Buffer.from('child a')), digestOf(Buffer.from('child b'))]
      await put(newManifest('index', { children }))
      const rows = await db.database.query(
        { text: 'SELECT child FROM manifest_children WHERE repo_id = $1 ORDER BY child' },
        [repository],
      )
      expect(rows).toEqual([...children].sort().map((child) => ({ child })))
    })

    it('refuses an unknown repository', async () => {
      const gone = 2_000_000_000 as RepositoryId
      await expect(store.put(gone, image, newManifest('x'), [], 'ann')).rejects.toMatchObject({
        code: 'NAME_UNKNOWN',
      })
    })

    it('refuses a NUL in an artifact type instead of failing', async () => {
      await expect(put(newManifest('nul', { artifactType: 'a\0b' }))).rejects.toMatchObject({
        code: 'REQUEST_INVALID',
      })
    })
  })

  describe('putting at the same time', () => {
    it('lets the last push of a tag win, and records every move', async () => {
      const manifests = Array.from({ length: 24 }, (_, n) => newManifest(`racing ${n}`))
      await Promise.all(manifests.map((manifest) => put(manifest, 'latest')))
      const history = await events()
      expect(history).toHaveLength(manifests.length)
      // Each move starts where another ended, from nothing to what the tag is now.
      let current: string | null = null
      const moves = new Map(history.map((event) => [event.old_digest, event.new_digest]))
      for (let n = 0; n < manifests.length; n += 1) current = moves.get(current) ?? null
      expect((await store.findByTag(repository, image, 'latest' as Tag))?.digest).toBe(current)
    })

    it('moves crossing sets of tags without a deadlock', async () => {
      const names = ['a', 'b', 'c', 'd']
      const pushes = Array.from({ length: 40 }, (_, n) =>
        put(newManifest(`crossing ${n % 5}`), ...(n % 2 === 0 ? names : names.toReversed())),
      )
      await Promise.all(pushes)
      expect(await store.tags(repository, image, page)).toEqual(names)
    })

    it('survives deletes of the manifest that is being pushed', async () => {
      const manifest = newManifest('comes and goes')
      const work = Array.from({ length: 40 }, (_, n) =>
        n % 2 === 0
          ? put(manifest, 'latest')
          : store.deleteManifest(repository, image, manifest.digest, 'bob'),
      )
      await Promise.all(work)
      await put(manifest, 'latest')
      expect((await store.findByTag(repository, image, 'latest' as Tag))?.digest).toBe(manifest.digest)
    })

    it('survives unlinks of a blob that is needed: it is refused or the push is', async () => {
      for (let round = 0; round < 20; round += 1) {
        const blob = fakeBlob(`contended ${round}`)
        await blobs.link(repository, image, blob)
        const manifest = newManifest(`needs ${round}`, { blobs: [blob.digest] })
        const [pushed, unlinked] = await Promise.allSettled([
          put(manifest),
          blobs.unlink(repository, image, blob.digest),
        ])
        const codes = [pushed, unlinked].map((it) => (it.status === 'fulfilled' ? 'done' : it.reason.code))
        expect([
          ['done', 'DENIED'],
          ['MANIFEST_BLOB_UNKNOWN', 'done'],
        ]).toContainEqual(codes)
      }
    })

    it('survives the deletion of the repository', async () => {
      const repositories = new PostgresRepositoryStore(db.database, new FakeSecretBox())
      const key = (await repositories.list()).find(({ id }) => id === repository)?.config.key
      await put(newManifest('first'), 'latest')
      const pushes = Array.from({ length: 10 }, (_, n) => put(newManifest(`late ${n}`), 'latest'))
      const [deleted, ...results] = await Promise.allSettled([
        repositories.delete(key as NonNullable<typeof key>),
        ...pushes,
      ])
      expect(deleted).toEqual({ status: 'fulfilled', value: true })
      const failures = results.filter((it) => it.status === 'rejected').map((it) => it.reason.code)
      expect(new Set([...failures, 'NAME_UNKNOWN'])).toEqual(new Set(['NAME_UNKNOWN']))
    })
  })

  describe('deleting', () => {
    it('deletes a tag and leaves the manifest', async () => {
      const manifest = newManifest('tagged')
      await put(manifest, 'latest', 'stable')
      expect(await store.deleteTag(repository, image, 'latest' as Tag, 'bob')).toBe(manifest.digest)
      expect(await store.deleteTag(repository, image, 'latest' as Tag, 'bob')).toBeUndefined()
      expect(await store.tags(repository, image, page)).toEqual(['stable'])
      expect(await store.findByDigest(repository, image, manifest.digest)).toBeDefined()
      expect((await events()).at(-1)).toEqual({
        name: 'latest',
        old_digest: manifest.digest,
        new_digest: null,
        actor: 'bob',
      })
    })

    it('deletes a manifest with its tags, and notes which blobs may be unused now', async () => {
      const blob = fakeBlob('layer of a deleted manifest')
      await blobs.link(repository, image, blob)
      const manifest = newManifest('deleted', { blobs: [blob.digest] })
      await put(manifest, 'a', 'b')
      await put(newManifest('kept'), 'c')
      expect(await store.deleteManifest(repository, image, manifest.digest, 'bob')).toEqual(['a', 'b'])
      expect(await store.deleteManifest(repository, image, manifest.digest, 'bob')).toBeUndefined()
      expect(await store.tags(repository, image, page)).toEqual(['c'])
      expect((await events()).filter(({ actor }) => actor === 'bob').map(({ name }) => name)).toEqual([
        'a',
        'b',
      ])
      const candidates = await db.database.query({ text: 'SELECT kind FROM gc_review WHERE key = $1' }, [
        `${repository}/${image}@${blob.digest}`,
      ])
      expect(candidates).toEqual([{ kind: 'link' }])
      expect(await blobs.unlink(repository, image, blob.digest)).toBe(true)
    })
  })

  describe('listing', () => {
    it('lists tags by code point, from page to page, one beyond the limit', async () => {
      await put(newManifest('listed'), '_x', 'A', 'Z', 'a', '1.10', '1.9')
      expect(await store.tags(repository, image, { limit: 2, after: undefined })).toEqual([
        '1.10',
        '1.9',
        'A',
      ])
      expect(await store.tags(repository, image, { limit: 2, after: '1.9' })).toEqual(['A', 'Z', '_x'])
      expect(await store.tags(repository, image, { limit: 2, after: '_x' })).toEqual(['a'])
      expect(await store.tags(repository, image, { limit: 0, after: undefined })).toEqual(['1.10'])
    })

    it('lists images once each, by code point, from page to page', async () => {
      for (const name of ['b/c', 'b', 'a', 'b-c', 'c'])
        for (const content of ['one', 'two'])
          await store.put(repository, name as ImageName, newManifest(content), [], 'ann')
      const all = ['a', 'b', 'b-c', 'b/c', 'c']
      expect(await store.images(repository, page)).toEqual(all)
      expect(await store.images(repository, { limit: 1, after: 'a' })).toEqual(['b', 'b-c'])
      expect(await store.images(repository, { limit: 1, after: 'c' })).toEqual([])
    })

    it('tells whether there is any manifest of an image', async () => {
      await put(newManifest('any'))
      expect(await store.hasImage(repository, image)).toBe(true)
      expect(await store.hasImage(repository, 'team/none' as ImageName)).toBe(false)
    })

    it('lists referrers by digest, filtered and paged, with their descriptors', async () => {
      const subject = digestOf(Buffer.from('subject'))
      const signature = newManifest('signature', {
        subject,
        artifactType: 'application/sig',
        annotations: { 'org.example': 'a \u0000 b' },
      })
      const sbom = newManifest('sbom', { subject, artifactType: 'application/sbom' })
      const plain = newManifest('plain', { subject })
      for (const manifest of [signature, sbom, plain]) await put(manifest)
      await put(newManifest('of another', { subject: digestOf(Buffer.from('another')) }))
      const all = await store.referrers(repository, image, subject, [], page)
      expect(all.map(({ digest }) => digest)).toEqual(
        [signature, sbom, plain].map(({ digest }) => digest).sort(),
      )
      expect(await store.referrers(repository, image, subject, ['application/sig'], page)).toEqual([
        {
          mediaType: signature.mediaType,
          digest: signature.digest,
          size: signature.bytes.length,
          artifactType: 'application/sig',
          annotations: { 'org.example': 'a \u0000 b' },
        },
      ])
      const [first] = all
      const rest = await store.referrers(repository, image, subject, [], { limit: 1, after: first?.digest })
      expect(rest.map(({ digest }) => digest)).toEqual(all.slice(1).map(({ digest }) => digest))
      const [onlyPlain] = all.filter(({ digest }) => digest === plain.digest)
      expect(onlyPlain).toEqual({
        mediaType: plain.mediaType,
        digest: plain.digest,
        size: plain.bytes.length,
      })
    })
  })
})
