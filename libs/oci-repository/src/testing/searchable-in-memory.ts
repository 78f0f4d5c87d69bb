import type { Digest } from '@entrepot/kernel'
import type { RepositoryId } from '@entrepot/repositories'
import { InMemoryBlobIndex } from './in-memory-blob-index.js'
import { InMemoryItemSearch, type ListedContent } from './in-memory-item-search.js'
import { InMemoryItemTimes } from './in-memory-item-times.js'
import { InMemoryManifestStore } from './in-memory-manifest-store.js'
import { InMemoryPropertyStore } from './in-memory-property-store.js'
import { ann, type SearchableContent } from './item-search.contract.js'

/** Empty stores, and a search over them. */
export function searchableInMemory(local: RepositoryId, remote: RepositoryId): SearchableContent {
  const blobs = new InMemoryBlobIndex(new Map())
  const manifests = new InMemoryManifestStore(blobs)
  const properties = new InMemoryPropertyStore(manifests)
  const times = new InMemoryItemTimes(manifests)
  const checksums = new Map<Digest, string>()
  const listed: ListedContent[] = []
  const search = new InMemoryItemSearch({
    manifests,
    blobs,
    times,
    properties,
    listed: (publisher) => (publisher === undefined || publisher === ann ? listed : []),
    checksums,
  })
  const listInBuild = (artifact: Digest, dependency: Digest, sha1: string) => {
    const build = { name: 'team/app', number: '7' }
    listed.push({ role: 'artifact', sha256: artifact.slice(7), sha1: undefined, build })
    listed.push({ role: 'dependency', sha256: undefined, sha1, build })
    checksums.set(dependency, sha1)
    return Promise.resolve()
  }
  return { search, manifests, blobs, properties, local, remote, listInBuild }
}
