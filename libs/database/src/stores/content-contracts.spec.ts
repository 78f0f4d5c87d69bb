import {
  itemTimesContract,
  movedTagsContract,
  propertyStoreContract,
  pushClaimsContract,
  tagCopierContract,
  tagEventsContract,
  tagSearchContract,
  tagsReachingContract,
} from '@entrepot/oci-repository/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRepository } from '../testing/content.js'
import { TestDatabase } from '../testing/test-database.js'
import { PostgresBlobIndex } from './blob-index.store.js'
import { PostgresItemTimes } from './item-times.store.js'
import { PostgresManifestStore } from './manifest.store.js'
import { PostgresPropertyStore } from './property.store.js'
import { PostgresPushClaims } from './push-claims.store.js'
import { PostgresTagCopier } from './tag-copier.store.js'
import { PostgresTagEventStore } from './tag-event.store.js'
import { PostgresTagSearch } from './tag-search.store.js'

let db: TestDatabase
beforeAll(async () => {
  db = await TestDatabase.create()
})
afterAll(() => db.close())
const close = () => Promise.resolve()

pushClaimsContract('PostgresPushClaims', async () => ({
  claims: new PostgresPushClaims(db.database),
  repository: await createRepository(db),
  close,
}))

const content = async () => ({
  manifests: new PostgresManifestStore(db.database),
  blobs: new PostgresBlobIndex(db.database),
  repository: await createRepository(db),
  close,
})

tagsReachingContract('PostgresManifestStore', content)
movedTagsContract('PostgresManifestStore', content)
tagCopierContract('PostgresTagCopier', async () => ({
  ...(await content()),
  copier: new PostgresTagCopier(db.database),
  other: await createRepository(db),
}))
const withProperties = async () => ({
  ...(await content()),
  copier: new PostgresTagCopier(db.database),
  other: await createRepository(db),
  properties: new PostgresPropertyStore(db.database),
})
propertyStoreContract('PostgresPropertyStore', withProperties)
tagSearchContract('PostgresTagSearch', async () => ({
  ...(await withProperties()),
  search: new PostgresTagSearch(db.database),
}))
itemTimesContract('PostgresItemTimes', async () => ({
  ...(await content()),
  times: new PostgresItemTimes(db.database),
}))

tagEventsContract('PostgresTagEventStore', async () => ({
  ...(await content()),
  events: new PostgresTagEventStore(db.database),
}))

describe('PostgresPushClaims', () => {
  it('clears away what is over, a few with each new claim', async () => {
    const repository = await createRepository(db)
    const claims = new PostgresPushClaims(db.database)
    const add = (image: string, expiresAt: Date) =>
      claims.add({ repository, image, digest: 'sha256:x', owner: 'ann', expiresAt } as never)
    for (let n = 0; n < 6; n += 1) await add(`old-${n}`, new Date(Date.now() + 50 + n))
    await new Promise((resolve) => setTimeout(resolve, 100))
    const later = new Date(Date.now() + 60_000)
    await add('old-0', later)
    await add('new', later)
    const rows = await db.database.query(
      { text: 'SELECT image FROM push_claims WHERE repo_id = $1 ORDER BY image' },
      [repository],
    )
    expect(rows).toEqual([{ image: 'new' }, { image: 'old-0' }])
  })
})
