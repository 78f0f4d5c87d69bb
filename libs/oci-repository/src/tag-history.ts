import { type Digest, type Listing, type Page, RegistryError, listingOf } from '@entrepot/kernel'
import { type ImageName, type Tag, digestReference, tagReference } from '@entrepot/oci-model'
import type { RepositoryId, RepositoryKey } from '@entrepot/repositories'
import { requireRight } from './guard.js'
import type { OciRepository, PushedManifest } from './oci-repository.js'
import type { RequestContext } from './request-context.js'
import type { TagEvent, TagEventStore } from './tag-event-store.js'

/** What tags pointed to before, and putting them back. */
export class TagHistory {
  constructor(
    private readonly events: TagEventStore,
    private readonly idOf: (key: RepositoryKey) => RepositoryId | undefined,
  ) {}

  /** The newest first; empty for a tag that never was, or that the principal may not read. */
  async of(
    repository: OciRepository,
    image: ImageName,
    tag: Tag,
    page: Page,
    context: RequestContext,
  ): Promise<Listing<TagEvent>> {
    const id = this.#idOf(repository)
    if (!context.may('read', repository.key, image, tag)) return listingOf<TagEvent>([], page.limit)
    return listingOf(await this.events.events(id, image, tag, page), page.limit)
  }

  /**
   * Points the tag at a manifest again that it pointed to before: a push of it, with all that a push may be refused for.
   * @throws RegistryError DENIED without the rights to read and deploy the tag, and to overwrite it where it is set; NAME_UNKNOWN for a
   *   tag that never pointed there; MANIFEST_UNKNOWN when the manifest is gone; UNSUPPORTED for a remote
   */
  async putBack(
    repository: OciRepository,
    image: ImageName,
    tag: Tag,
    to: Digest,
    context: RequestContext,
  ): Promise<PushedManifest> {
    const id = this.#idOf(repository)
    const { key, writer } = repository
    if (writer === undefined) {
      throw new RegistryError(
        'UNSUPPORTED',
        `${key} is a remote repository: its upstream says where tags point`,
      )
    }
    requireRight(context, 'read', key, image, tag)
    requireRight(context, 'deploy', key, image, tag)
    if (!(await this.events.everPointedTo(id, image, tag, to))) {
      throw new RegistryError('NAME_UNKNOWN', `tag ${image}:${tag} in ${key} never pointed to ${to}`)
    }
    // That the tag had it is what lets its deployer have it again, whoever brought it and whatever reaches it now.
    const trusted: RequestContext = {
      ...context,
      may: (action, where, ...of) =>
        (action === 'read' && where === key) || context.may(action, where, ...of),
    }
    const found = await repository.reader.manifest(image, digestReference(to), trusted)
    if (found === undefined) {
      throw new RegistryError(
        'MANIFEST_UNKNOWN',
        `manifest ${to} of ${image} is no longer in ${key}: push it again to get tag ${tag} back`,
      )
    }
    const { bytes, mediaType } = found.value
    return writer.putManifest(image, tagReference(tag), { bytes, contentType: mediaType, tags: [] }, trusted)
  }

  #idOf({ key, kind }: OciRepository): RepositoryId {
    const id = this.idOf(key)
    if (id === undefined || kind === 'virtual') {
      throw new RegistryError(
        'REQUEST_INVALID',
        `${key} has no tags of its own: name the local or remote repository that holds them`,
      )
    }
    return id
  }
}
