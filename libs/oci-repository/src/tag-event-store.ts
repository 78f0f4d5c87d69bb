import type { Digest, Page } from '@entrepot/kernel'
import type { ImageName, Tag } from '@entrepot/oci-model'
import type { RepositoryId } from '@entrepot/repositories'

/** A tag was set, moved or deleted. */
export interface TagEvent {
  /** Grows with time. */
  readonly id: string
  /** Undefined when there was no such tag. */
  readonly from: Digest | undefined
  /** Undefined when it was deleted. */
  readonly to: Digest | undefined
  /** The user's name then. */
  readonly actor: string
  readonly at: Date
  /** Whether the manifest that it pointed to before is still there. */
  readonly fromIsStored: boolean
}

/** What happened to tags, as the manifest store wrote it down. */
export interface TagEventStore {
  /** The newest first, up to `page.limit + 1`; after: those before the event with this id. */
  events(repository: RepositoryId, image: ImageName, tag: Tag, page: Page): Promise<readonly TagEvent[]>
  /** Whether the tag ever pointed to it. */
  everPointedTo(repository: RepositoryId, image: ImageName, tag: Tag, digest: Digest): Promise<boolean>
}
