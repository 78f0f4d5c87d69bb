import { RegistryError } from '@entrepot/kernel'
import type { ImageName, Tag } from '@entrepot/oci-model'
import type { NewManifest } from '@entrepot/oci-repository'
import type { RepositoryId } from '@entrepot/repositories'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createRepository, newManifest } from '../testing/content.js'
import { TestDatabase } from '../testing/test-database.js'
import { PostgresManifestStore } from './manifest.store.js'

const image = 'team/app' as ImageName
const page = { limit: 10, after: undefined }

describe('PostgresManifestStore, for who has rights to some tags', () => {
  let db: TestDatabase
  let store: PostgresManifestStore
  let repository: RepositoryId

  beforeAll(async () => {
    db = await TestDatabase.create()
    store = new PostgresManifestStore(db.database)
  })
  afterAll(() => db.close())
  beforeEach(async () => {
    repository = await createRepository(db)
  })

  const tag = (...names: string[]) => names as Tag[]
  const put = (manifest: NewManifest, ...names: string[]) =>
    store.put(repository, image, manifest, tag(...names), 'ann')
  const events = () =>
    db.database.query({ text: 'SELECT name FROM tag_events WHERE repo_id = $1' }, [repository])

  it('moves no tag that is to stay, names it, and stores nothing', async () => {
    const first = newManifest('first')
    await put(first, 'release', 'dev')
    const second = newManifest('second')
    const names = tag('dev', 'release', 'new')
    expect(await store.put(repository, image, second, names, 'bob', tag('release', 'new'))).toEqual({
      taken: ['release'],
      moved: [],
    })
    expect(await store.findByDigest(repository, image, second.digest)).toBeUndefined()
    expect(await store.tags(repository, image, page)).toEqual(['dev', 'release'])
    expect(await events()).toHaveLength(2)
  })

  it('sets a tag that is to stay when it is new, or there already', async () => {
    const manifest = newManifest('same')
    for (let turn = 0; turn < 2; turn += 1) {
      const outcome = await store.put(repository, image, manifest, tag('release'), 'ann', tag('release'))
      expect(outcome).toEqual({ taken: [], moved: [] })
    }
    expect(await events()).toHaveLength(1)
  })

  it('lets one of many set a new tag that none may move', async () => {
    const manifests = Array.from({ length: 12 }, (_, n) => newManifest(`first come ${n}`))
    const outcomes = await Promise.all(
      manifests.map((manifest) =>
        store.put(repository, image, manifest, tag('release'), 'ann', tag('release')),
      ),
    )
    expect(outcomes.filter(({ taken }) => taken.length === 0)).toHaveLength(1)
    expect(await events()).toHaveLength(1)
  })

  it('shows the tags that go before they go, and leaves all when they are refused', async () => {
    const manifest = newManifest('checked')
    await put(manifest, 'b', 'a')
    await put(newManifest('another'), 'c')
    const seen: (readonly Tag[])[] = []
    const refuse = (tags: readonly Tag[]) => {
      seen.push(tags)
      throw new RegistryError('DENIED', 'not these')
    }
    const remove = (check: (tags: readonly Tag[]) => void) =>
      store.deleteManifest(repository, image, manifest.digest, 'bob', check)
    await expect(remove(refuse)).rejects.toMatchObject({ code: 'DENIED' })
    expect(seen).toEqual([['a', 'b']])
    expect(await store.tags(repository, image, page)).toEqual(['a', 'b', 'c'])
    expect(await remove(() => undefined)).toEqual(['a', 'b'])
    expect(await store.tags(repository, image, page)).toEqual(['c'])
  })
})
