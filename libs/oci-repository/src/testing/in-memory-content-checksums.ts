import type { Digest } from '@entrepot/kernel'
import type { ContentChecksumStore } from '../item-search/content-checksums.js'

export class InMemoryContentChecksums implements ContentChecksumStore {
  readonly sums = new Map<Digest, string>()

  find(digests: readonly Digest[]): Promise<ReadonlyMap<Digest, string>> {
    return Promise.resolve(new Map([...this.sums].filter(([digest]) => digests.includes(digest))))
  }

  add(sums: ReadonlyMap<Digest, string>): Promise<void> {
    for (const [digest, sum] of sums) if (!this.sums.has(digest)) this.sums.set(digest, sum)
    return Promise.resolve()
  }
}
