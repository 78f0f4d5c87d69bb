import type { Digest, Page } from '@entrepot/kernel'
import type { ImageName, Tag } from '@entrepot/oci-model'
import type { RepositoryId } from '@entrepot/repositories'
import type { TagEvent, TagEventStore } from '../tag-event-store.js'
import type { InMemoryManifestStore } from './in-memory-manifest-store.js'

/** Everything happened at the same moment. */
export class InMemoryTagEventStore implements TagEventStore {
  readonly always = new Date('2026-01-01T00:00:00Z')

  constructor(private readonly manifests: InMemoryManifestStore) {}

  async events(
    repository: RepositoryId,
    image: ImageName,
    tag: Tag,
    { limit, after }: Page,
  ): Promise<readonly TagEvent[]> {
    const events: TagEvent[] = []
    for (const [position, event] of this.manifests.tagEvents.entries()) {
      if (event.repository !== repository || event.image !== image || event.tag !== tag) continue
      const { from, to, actor } = event
      const stored =
        from === undefined ? undefined : await this.manifests.findByDigest(repository, image, from)
      const fromIsStored = stored !== undefined
      events.unshift({ id: `${position + 1}`, from, to, actor, at: this.always, fromIsStored })
    }
    const rest = after === undefined ? events : events.filter(({ id }) => Number(id) < Number(after))
    return rest.slice(0, limit + 1)
  }

  async everPointedTo(
    repository: RepositoryId,
    image: ImageName,
    tag: Tag,
    digest: Digest,
  ): Promise<boolean> {
    return this.manifests.tagEvents.some(
      (event) =>
        event.repository === repository &&
        event.image === image &&
        event.tag === tag &&
        (event.to === digest || event.from === digest),
    )
  }
}
