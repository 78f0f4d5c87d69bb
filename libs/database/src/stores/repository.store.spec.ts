import { FakeSecretBox } from '@entrepot/kernel/testing'
import type { ImageName, Tag } from '@entrepot/oci-model'
import type { RepositoryKey } from '@entrepot/repositories'
import { localConfig, remoteConfig, virtualConfig } from '@entrepot/repositories/testing'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { fakeBlob, newManifest } from '../testing/content.js'
import { TestDatabase } from '../testing/test-database.js'
import { PostgresBlobIndex } from './blob-index.store.js'
import { PostgresManifestStore } from './manifest.store.js'
import { PostgresRemoteRefStore } from './remote-ref.store.js'
import { PostgresRepositoryStore } from './repository.store.js'

const key = (text: string) => text as RepositoryKey

describe('PostgresRepositoryStore', () => {
  let db: TestDatabase
  let store: PostgresRepositoryStore

  beforeAll(async () => {
    db = await TestDatabase.create()
    store = new PostgresRepositoryStore(db.database, new FakeSecretBox())
  })
  afterAll(() => db.close())
  beforeEach(async () => {
    await db.database.query({ text: 'DELETE FROM repository_members' }, [])
    await db.database.query({ text: 'DELETE FROM repositories' }, [])
  })

  const keys = async () => (await store.list()).map(({ config }) => config.key)

  it('keeps every field of a configuration, whatever its kind', async () => {
    const remote = remoteConfig('hub', 'https://registry-1.docker.io', {
      username: 'ann',
      password: 'a"b\\c\u2028',
      extra: { xrayIndex: true, nested: { list: [1, 'two', null] } },
    })
    const created = await store.create(remote)
    await store.create(localConfig('local'))
    const virtual = { ...virtualConfig('all', ['hub', 'local']), defaultDeploymentRepo: key('local') }
    await store.create(virtual)
    expect(created).toEqual({ id: created.id, config: remote, revision: 1 })
    expect((await store.list()).map(({ config }) => config)).toEqual([virtual, remote, localConfig('local')])
  })

  it('lists by code point', async () => {
    for (const name of ['b', 'a-b', 'a', 'a1']) await store.create(localConfig(name))
    expect(await keys()).toEqual(['a', 'a-b', 'a1', 'b'])
  })

  it('refuses a key that is taken, also by another that comes at the same time', async () => {
    const results = await Promise.allSettled([1, 2, 3, 4].map(() => store.create(localConfig('one'))))
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'CONFLICT' })
    }
  })

  it('refuses a NUL in a text instead of failing', async () => {
    await expect(store.create(localConfig('nul', { notes: 'a\0b' }))).rejects.toMatchObject({
      code: 'REQUEST_INVALID',
    })
  })

  it('updates under the revision that was read, once', async () => {
    const { id, revision } = await store.create(localConfig('one'))
    const changed = localConfig('one', { notes: 'changed' })
    expect(await store.update(changed, revision)).toEqual({ id, config: changed, revision: 2 })
    await expect(store.update(localConfig('one'), revision)).rejects.toMatchObject({ code: 'CONFLICT' })
    await expect(store.update(localConfig('none'), 1)).rejects.toMatchObject({ code: 'NAME_UNKNOWN' })
    expect((await store.list())[0]?.config).toEqual(changed)
  })

  it('lets one of several changes to one revision win', async () => {
    const { revision } = await store.create(localConfig('one'))
    const results = await Promise.allSettled(
      [1, 2, 3, 4].map((n) => store.update(localConfig('one', { notes: String(n) }), revision)),
    )
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  it('writes several in one go, in whatever order they refer to each other', async () => {
    const { revision } = await store.create(localConfig('one'))
    const changed = localConfig('one', { notes: 'changed' })
    const rows = await store.apply([
      { config: virtualConfig('all', ['two', 'one']), revision: undefined },
      { config: changed, revision },
      { config: localConfig('two'), revision: undefined },
    ])
    expect(rows.map(({ config, revision }) => [config.key, revision])).toEqual([
      ['all', 1],
      ['one', 2],
      ['two', 1],
    ])
    expect(await store.list()).toHaveLength(3)
    await expect(store.delete(key('two'))).rejects.toMatchObject({ code: 'CONFLICT' })
  })

  it.each([
    ['a key is taken', localConfig('one'), undefined, 'CONFLICT'],
    ['a revision is not the stored one', localConfig('one'), 7, 'CONFLICT'],
    ['there is nothing to change', localConfig('none'), 1, 'NAME_UNKNOWN'],
    ['a member does not exist', virtualConfig('v', ['nowhere']), undefined, 'REQUEST_INVALID'],
    ['a virtual lists itself', virtualConfig('v', ['v']), undefined, 'REQUEST_INVALID'],
  ])('writes none of several when %s', async (_why, config, revision, code) => {
    await store.create(localConfig('one'))
    const changes = [
      { config: localConfig('a'), revision: undefined },
      { config, revision },
      { config: localConfig('z'), revision: undefined },
    ]
    await expect(store.apply(changes)).rejects.toMatchObject({ code })
    expect(await keys()).toEqual(['one'])
  })

  it('writes the same ones for several at once, however they order them', async () => {
    const names = ['a', 'b', 'c']
    const changes = names.map((name) => ({ config: localConfig(name), revision: undefined }))
    const results = await Promise.allSettled([store.apply(changes), store.apply(changes.toReversed())])
    expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    const refusals = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []))
    expect(refusals).toMatchObject([{ code: 'CONFLICT' }])
  })

  it('deletes a repository with all it holds in one go, and leaves its namesake nothing', async () => {
    const { id } = await store.create(localConfig('full'))
    const manifests = new PostgresManifestStore(db.database)
    const blobs = new PostgresBlobIndex(db.database)
    const blob = fakeBlob('in a full repository')
    const image = 'team/app' as ImageName
    await blobs.link(id, image, blob)
    await blobs.link(id, 'team/base' as ImageName, blob)
    await manifests.put(id, image, newManifest('m', { blobs: [blob.digest] }), ['latest' as Tag], 'ann')
    await new PostgresRemoteRefStore(db.database).put(id, image, {
      ref: 'latest',
      status: 'missing',
      digest: undefined,
      etag: undefined,
      checkedAt: new Date(0),
      freshUntil: new Date(0),
    })
    expect(await store.delete(key('full'))).toBe(true)
    expect(await store.delete(key('full'))).toBe(false)
    const candidates = await db.database.query({ text: 'SELECT kind FROM gc_review WHERE key = $1' }, [
      blob.digest,
    ])
    expect(candidates).toEqual([{ kind: 'blob' }])
    expect(await blobs.findAnywhere(blob.digest)).toEqual(blob)
    const again = await store.create(localConfig('full'))
    expect(again.id).not.toBe(id)
    expect(await blobs.find(again.id, image, blob.digest)).toBeUndefined()
    expect(await manifests.hasImage(again.id, image)).toBe(false)
  })

  it('can be deleted by a plain statement, whatever it holds', async () => {
    const { id } = await store.create(localConfig('plain'))
    const blob = fakeBlob('in a plain repository')
    await new PostgresBlobIndex(db.database).link(id, 'a' as ImageName, blob)
    const manifest = newManifest('plain', { blobs: [blob.digest] })
    await new PostgresManifestStore(db.database).put(id, 'a' as ImageName, manifest, ['t' as Tag], 'ann')
    await db.database.query({ text: 'DELETE FROM repositories WHERE id = $1' }, [id])
    expect(await keys()).toEqual([])
  })

  describe('with members', () => {
    beforeEach(async () => {
      for (const name of ['a', 'b']) await store.create(localConfig(name))
    })

    it('refuses to delete a member and names the virtual repositories that list it', async () => {
      await store.create(virtualConfig('v2', ['a']))
      await store.create(virtualConfig('v1', ['b', 'a', 'a']))
      await expect(store.delete(key('a'))).rejects.toMatchObject({
        code: 'CONFLICT',
        message: expect.stringContaining('v1, v2') as string,
      })
      expect(await keys()).toContain('a')
    })

    it('lets a member go that is listed no more', async () => {
      const { revision } = await store.create(virtualConfig('v', ['a', 'b']))
      await store.update(virtualConfig('v', ['b']), revision)
      expect(await store.delete(key('a'))).toBe(true)
      expect(await store.delete(key('v'))).toBe(true)
      expect(await store.delete(key('b'))).toBe(true)
    })

    it('refuses a member that does not exist, and stores nothing', async () => {
      await expect(store.create(virtualConfig('v', ['a', 'nowhere']))).rejects.toMatchObject({
        code: 'REQUEST_INVALID',
        message: expect.stringContaining('"nowhere"') as string,
      })
      expect(await keys()).toEqual(['a', 'b'])
    })

    it('refuses a cycle that two changes would close together', async () => {
      const one = await store.create(virtualConfig('v1', ['a']))
      const two = await store.create(virtualConfig('v2', ['a']))
      const results = await Promise.allSettled([
        store.update(virtualConfig('v1', ['v2']), one.revision),
        store.update(virtualConfig('v2', ['v1']), two.revision),
      ])
      const failures = results.filter(({ status }) => status === 'rejected')
      expect(failures).toMatchObject([{ reason: { code: 'REQUEST_INVALID' } }])
    })

    it('never lets a virtual list a member that is deleted at the same time', async () => {
      for (let round = 0; round < 10; round += 1) {
        const name = `member-${round}`
        await store.create(localConfig(name))
        const [created, deleted] = await Promise.allSettled([
          store.create(virtualConfig(`virtual-${round}`, [name])),
          store.delete(key(name)),
        ])
        const outcome = [created, deleted].map((it) => (it.status === 'fulfilled' ? 'done' : it.reason.code))
        expect([
          ['done', 'CONFLICT'],
          ['REQUEST_INVALID', 'done'],
        ]).toContainEqual(outcome)
      }
    })
  })
})
