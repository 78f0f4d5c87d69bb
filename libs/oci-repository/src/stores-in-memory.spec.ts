import type { RepositoryId } from '@entrepot/repositories'
import { InMemoryBlobIndex } from './testing/in-memory-blob-index.js'
import { InMemoryItemTimes } from './testing/in-memory-item-times.js'
import { InMemoryManifestStore } from './testing/in-memory-manifest-store.js'
import { InMemoryPropertyStore } from './testing/in-memory-property-store.js'
import { InMemoryTagSearch } from './testing/in-memory-tag-search.js'
import { InMemoryPushClaims } from './testing/in-memory-push-claims.js'
import { itemTimesContract } from './testing/item-times.contract.js'
import { movedTagsContract } from './testing/moved-tags.contract.js'
import { InMemoryTagEventStore } from './testing/in-memory-tag-event-store.js'
import { tagEventsContract } from './testing/tag-events.contract.js'
import { propertyStoreContract } from './testing/property-store.contract.js'
import { pushClaimsContract } from './testing/push-claims.contract.js'
import { tagCopierContract } from './testing/tag-copier.contract.js'
import { tagSearchContract } from './testing/tag-search.contract.js'
import { tagsReachingContract } from './testing/tags-reaching.contract.js'

const repository = 1 as RepositoryId
const close = () => Promise.resolve()

pushClaimsContract('InMemoryPushClaims', async () => ({
  claims: new InMemoryPushClaims(),
  repository,
  close,
}))

const content = async () => {
  const blobs = new InMemoryBlobIndex(new Map())
  return { manifests: new InMemoryManifestStore(blobs), blobs, repository, close }
}

tagsReachingContract('InMemoryManifestStore', content)
movedTagsContract('InMemoryManifestStore', content)

itemTimesContract('InMemoryItemTimes', async () => {
  const opened = await content()
  return { ...opened, times: new InMemoryItemTimes(opened.manifests) }
})

tagCopierContract('InMemoryManifestStore', async () => {
  const opened = await content()
  return { ...opened, copier: opened.manifests, other: 2 as RepositoryId }
})

const withProperties = async () => {
  const opened = await content()
  const properties = new InMemoryPropertyStore(opened.manifests)
  return { ...opened, copier: opened.manifests, other: 2 as RepositoryId, properties }
}

propertyStoreContract('InMemoryPropertyStore', withProperties)
tagSearchContract('InMemoryTagSearch', async () => {
  const opened = await withProperties()
  return { ...opened, search: new InMemoryTagSearch(opened.manifests, opened.properties) }
})

tagEventsContract('InMemoryTagEventStore', async () => {
  const opened = await content()
  return { ...opened, events: new InMemoryTagEventStore(opened.manifests) }
})
