import { byCodePoint, RegistryError } from '@entrepot/kernel'
import { type ImageName, isImageName, type Reference, referenceText } from '@entrepot/oci-model'
import type { RepositoryId, RepositoryKey } from '@entrepot/repositories'
import { refusal, requireRight } from '../guard.js'
import { manifestFolderOf, splitLast } from '../items/item-path.js'
import { manifestFiles } from '../items/manifest-files.js'
import type { ManifestStore } from '../manifest-store.js'
import type { Found, ManifestBytes, OciRepository } from '../oci-repository.js'
import type { RequestContext } from '../request-context.js'
import { computedProperties, isComputed } from './computed-properties.js'
import { placesBelow } from './places-below.js'
import type { Properties, PropertyChange } from './properties.js'
import type { PropertyPlace, PropertyStore } from './property-store.js'

export interface ItemPropertyChange extends PropertyChange {
  /** With all that is in a folder. */
  readonly recursive: boolean
}

export interface ChangedItems {
  /** The local or remote repository that holds them. */
  readonly repository: RepositoryKey
  /** `image:tag`, `image@digest`, or the path; empty for the repository. */
  readonly name: string
  readonly count: number
  /** Of a single item: what it had. */
  readonly before: Properties | undefined
  /** Keys that were to be removed, and say what a manifest is. */
  readonly kept: readonly string[]
}

/** An item that is a manifest's folder or a file in it. */
interface ManifestItem {
  readonly image: ImageName
  readonly reference: Reference
  readonly found: Found<ManifestBytes>
  readonly isManifestFile: boolean
}

/** Values of all items together. */
const maximumRows = 100_000

/** The path of the repository itself, for the patterns of permission targets. */
const root = '' as ImageName

/**
 * The properties of the items that Artifactory shows. The folder of a manifest and the files in it have the same ones:
 * they are the tag's, or the manifest's where it is named by digest. The manifest's file shows besides what it is. Who may
 * read or annotate only some tags of an image has no part in the image's own.
 */
export class ItemProperties {
  constructor(
    private readonly store: PropertyStore,
    private readonly manifests: Pick<ManifestStore, 'tagsReaching'>,
    private readonly idOf: (key: RepositoryKey) => RepositoryId | undefined,
  ) {}

  /**
   * By key.
   * @param path without slashes at its ends; empty for the repository
   * @returns undefined for what is not there, or may not be read
   */
  async of(
    repository: OciRepository,
    path: string,
    context: RequestContext,
  ): Promise<Properties | undefined> {
    const item = await this.#manifestItem(repository, path, context)
    if (item !== undefined) return this.#ofManifest(item)
    const own = await this.#ownPlace(repository, path, context)
    if (own === undefined)
      return path === '' || (await this.#isFolder(repository, path, context)) ? new Map() : undefined
    const image = own.kind === 'image' ? own.image : root
    if (!context.may('read', repository.key, image)) return new Map()
    const [properties] = await this.store.find(this.#idOf(repository.key), [own])
    return properties
  }

  /**
   * @returns undefined for what is not there, or may not be read
   * @throws RegistryError DENIED without the right to annotate all of it: then nothing is changed; REQUEST_INVALID for a
   *   property that says what a manifest is, for more items or properties than there may be, or for a folder that has none
   *   of its own; UNSUPPORTED for what only the members of a virtual repository have
   */
  async change(
    repository: OciRepository,
    path: string,
    { set, remove, recursive }: ItemPropertyChange,
    context: RequestContext,
  ): Promise<ChangedItems | undefined> {
    const computed = [...set.keys()].find(isComputed)
    const item = await this.#manifestItem(repository, path, context)
    const own = await this.#ownPlace(repository, path, context)
    const isFolder = own !== undefined || path === '' || (await this.#isFolder(repository, path, context))
    if (item === undefined && !isFolder) return undefined
    if (computed !== undefined)
      throw invalid(`${computed} says what a manifest is, and can't be set: leave it out`)
    const holder = item?.found.foundIn ?? repository.key
    const places: PropertyPlace[] = []
    if (item !== undefined) places.push(await this.#annotatable(item, context))
    if (item === undefined || (recursive && isFolder && repository.kind !== 'virtual')) {
      this.#requireOwn(repository)
      if (recursive) places.push(...(await placesBelow(repository, path, context)))
      else if (own === undefined)
        throw invalid(`${path} is only the beginning of names of images, and has no properties`)
      else places.push(own)
      const image = own?.kind === 'image' ? own.image : root
      if (own !== undefined && !recursive) requireAnnotation(repository.key, image, context)
    }
    const changed = await this.#store(holder, places, { set, remove }, recursive)
    return changed && { ...changed, name: item === undefined ? path : nameOf(item) }
  }

  async #store(
    holder: RepositoryKey,
    places: readonly PropertyPlace[],
    { set, remove }: PropertyChange,
    recursive: boolean,
  ): Promise<Omit<ChangedItems, 'name'> | undefined> {
    const rows = [...set.values()].reduce((count, values) => count + values.length, 0) * places.length
    if (rows > maximumRows)
      throw invalid(`${rows} values would be set at once, expected at most ${maximumRows}`)
    const id = this.#idOf(holder)
    const [before] = places.length === 1 ? await this.store.find(id, places) : []
    const wanted = remove.filter((key) => !isComputed(key))
    const changed = await this.store.change(id, places, { set, remove: wanted })
    if (changed.length === 0 && !recursive) return undefined
    const kept = remove.filter(isComputed)
    return { repository: holder, count: changed.length, before, kept }
  }

  async #ofManifest({ image, reference, found, isManifestFile }: ManifestItem): Promise<Properties> {
    const id = this.#idOf(found.foundIn)
    const [own = new Map()] = await this.store.find(id, [placeOf(image, reference)])
    if (!isManifestFile) return own
    const { digest } = found.value
    const [labels] = await this.store.labelsOf(id, [{ image, digest }])
    const none = { labels: new Map(), annotations: new Map() }
    const computed = computedProperties(image, reference, found.value, labels ?? none)
    return new Map([...own, ...computed].sort(([left], [right]) => byCodePoint(left, right)))
  }

  /** By tag who may annotate the tag; by digest who may annotate every tag that reaches it. */
  async #annotatable(
    { image, reference, found }: ManifestItem,
    context: RequestContext,
  ): Promise<PropertyPlace> {
    const { foundIn } = found
    if (reference.kind === 'tag') {
      requireRight(context, 'annotate', foundIn, image, reference.tag)
    } else if (!context.may('annotate', foundIn, image)) {
      const tags = await this.manifests.tagsReaching(this.#idOf(foundIn), image, reference.digest)
      const mayAll = tags.length > 0 && tags.every((tag) => context.may('annotate', foundIn, image, tag))
      if (!mayAll)
        throw refusal(context, 'annotate', foundIn, image, `${image}@${reference.digest} with all its tags`)
    }
    return placeOf(image, reference)
  }

  async #manifestItem(
    repository: OciRepository,
    path: string,
    context: RequestContext,
  ): Promise<ManifestItem | undefined> {
    const folder = await this.#folder(repository, path, context)
    if (folder !== undefined) return { ...folder, isManifestFile: false }
    const [above, name] = splitLast(path)
    if (name !== 'manifest.json' && name !== 'list.manifest.json' && !name.startsWith('sha')) return undefined
    const holder = await this.#folder(repository, above, context)
    if (holder === undefined) return undefined
    const [manifest, ...blobs] = manifestFiles(holder.found.value)
    if (manifest.name === name) return { ...holder, isManifestFile: true }
    return blobs.some((blob) => blob.name === name) ? { ...holder, isManifestFile: false } : undefined
  }

  async #folder(repository: OciRepository, path: string, context: RequestContext) {
    const folder = manifestFolderOf(path)
    const found = folder && (await repository.stored.manifest(folder.image, folder.reference, context))
    return folder === undefined || found === undefined ? undefined : { ...folder, found }
  }

  /** Of an image or a repository. */
  async #ownPlace(
    repository: OciRepository,
    path: string,
    context: RequestContext,
  ): Promise<Extract<PropertyPlace, { kind: 'image' | 'repository' }> | undefined> {
    if (path !== '') {
      const isImage = isImageName(path) && (await repository.stored.holdsImage(path, context))
      return isImage ? { kind: 'image', image: path } : undefined
    }
    return repository.kind === 'virtual' ? undefined : { kind: 'repository' }
  }

  async #isFolder(repository: OciRepository, path: string, context: RequestContext): Promise<boolean> {
    if (!isImageName(path)) return false
    const { items } = await repository.stored.images({ limit: 1, after: `${path}/` }, context)
    return items.some((image) => image.startsWith(`${path}/`))
  }

  #requireOwn({ key, kind }: OciRepository): void {
    if (kind !== 'virtual') return
    throw new RegistryError(
      'UNSUPPORTED',
      `${key} is a virtual repository, whose folders have no properties: name the member that holds them`,
    )
  }

  #idOf(key: RepositoryKey): RepositoryId {
    const id = this.idOf(key)
    if (id !== undefined) return id
    throw new RegistryError('NAME_UNKNOWN', `repository ${key} was deleted`)
  }
}

function requireAnnotation(key: RepositoryKey, image: ImageName, context: RequestContext): void {
  if (context.may('annotate', key, image)) return
  throw refusal(context, 'annotate', key, image, image === root ? 'all' : `all of ${image}`)
}

function placeOf(image: ImageName, reference: Reference): PropertyPlace {
  return reference.kind === 'tag'
    ? { kind: 'tag', image, tag: reference.tag }
    : { kind: 'manifest', image, digest: reference.digest }
}

function nameOf({ image, reference }: ManifestItem): string {
  return `${image}${reference.kind === 'tag' ? ':' : '@'}${referenceText(reference)}`
}

function invalid(message: string): RegistryError {
  return new RegistryError('REQUEST_INVALID', message)
}
