import { byCodePoint } from '@entrepot/kernel'
import { type ImageName, isImageName, type Tag, tagReference } from '@entrepot/oci-model'
import type { RepositoryId, RepositoryKey } from '@entrepot/repositories'
import type { Found, ManifestBytes, OciRepository } from '../oci-repository.js'
import type { RequestContext } from '../request-context.js'
import { type FileItem, type FolderItem, type ItemChild, type ItemList, maximumItems } from './item.js'
import { imagesBelow } from './images-below.js'
import { isManifestFile, manifestFolderOf, splitLast } from './item-path.js'
import { ListedItems } from './listed-items.js'
import { manifestFiles } from './manifest-files.js'
import type { ItemTimes, ItemTimesStore } from './item-times.js'
import { tagPages } from './tag-pages.js'

const pageLimit = 1000

/** How many images are looked at together while a folder is listed. */
const imagesAtOnce = 25

/** How many manifests: their reads are few statements. */
const manifestsAtOnce = 100

/** Above everything that an image's name can have. */
const afterAllNames = '~'

interface TaggedManifest {
  readonly tag: Tag
  readonly found: Found<ManifestBytes>
  readonly times: ItemTimes | undefined
}

/**
 * The content of repositories as the tree of folders and files that Artifactory shows for Docker: `<image>/<tag>` with
 * `manifest.json` or `list.manifest.json` and the blobs as `sha256__<hex>`. A manifest without a tag has the folder
 * `<image>/sha256:<hex>`, which is found but not listed. Nothing is asked of an upstream. What the principal may not read
 * is not there.
 */
export class ItemTree {
  constructor(
    private readonly times: ItemTimesStore,
    private readonly idOf: (key: RepositoryKey) => RepositoryId | undefined,
  ) {}

  /** @param path without slashes at its ends; empty for the whole repository */
  async find(
    repository: OciRepository,
    path: string,
    context: RequestContext,
  ): Promise<FileItem | FolderItem | undefined> {
    return (await this.#file(repository, path, context)) ?? this.#folder(repository, path, context)
  }

  /**
   * What is below a folder.
   * @param depth 1 for what is directly in it
   * @returns undefined when there is no such folder
   */
  async list(
    repository: OciRepository,
    path: string,
    depth: number,
    context: RequestContext,
  ): Promise<ItemList | undefined> {
    const list = new ListedItems(path, depth)
    const own = await this.#manifest(repository, path, context)
    if (own !== undefined) list.addFiles(path, manifestFiles(own.found.value), own.times?.modified)
    if (isImageName(path)) await this.#listImages(repository, [path], list, context)
    if (depth === 1) {
      const names = await this.#foldersBelow(repository, path, context)
      for (const name of names) list.addFolder(path === '' ? name : `${path}/${name}`, undefined)
    }
    const deeper = depth === 1 ? [] : imagesBelow(repository, path, context)
    for await (const images of deeper) {
      for (let start = 0; start < images.length && !list.isFull; start += imagesAtOnce) {
        await this.#listImages(repository, images.slice(start, start + imagesAtOnce), list, context)
      }
      if (list.isFull) break
    }
    return list.isEmpty && path !== '' && !(await this.#isThere(repository, path, context))
      ? undefined
      : list.toList()
  }

  async #file(
    repository: OciRepository,
    path: string,
    context: RequestContext,
  ): Promise<FileItem | undefined> {
    const [folder, name] = splitLast(path)
    if (!isManifestFile(name) && !name.startsWith('sha')) return undefined
    const own = await this.#manifest(repository, folder, context)
    if (own === undefined) return undefined
    const [manifest, ...blobs] = manifestFiles(own.found.value)
    const file = [manifest, ...blobs].find((each) => each.name === name)
    if (file === undefined) return undefined
    const { image, found, times } = own
    return {
      ...file,
      kind: 'file',
      path,
      image,
      isManifest: file === manifest,
      foundIn: found.foundIn,
      times,
    }
  }

  async #folder(
    repository: OciRepository,
    path: string,
    context: RequestContext,
  ): Promise<FolderItem | undefined> {
    const own = await this.#manifest(repository, path, context)
    const tags = await this.#allTags(repository, path, context)
    const below = await this.#foldersBelow(repository, path, context)
    if (own === undefined && tags === undefined && below.length === 0 && path !== '') return undefined
    const files = own === undefined ? [] : manifestFiles(own.found.value)
    const children = new Map<string, ItemChild>()
    for (const name of [...below, ...(tags ?? [])]) children.set(name, { name, folder: true })
    for (const { name } of files) children.set(name, { name, folder: false })
    const sorted = [...children.values()].sort((left, right) => byCodePoint(left.name, right.name))
    return {
      kind: 'folder',
      path,
      children: sorted.slice(0, maximumItems),
      complete: sorted.length <= maximumItems,
      times: own?.times,
    }
  }

  async #isThere(repository: OciRepository, path: string, context: RequestContext): Promise<boolean> {
    return isImageName(path) && repository.stored.holdsImage(path, context)
  }

  async #manifest(repository: OciRepository, path: string, context: RequestContext) {
    const folder = manifestFolderOf(path)
    if (folder === undefined) return undefined
    const { image, reference } = folder
    const found = await repository.stored.manifest(image, reference, context)
    if (found === undefined) return undefined
    const id = this.idOf(found.foundIn)
    if (id === undefined) return undefined
    const [times] =
      reference.kind === 'tag'
        ? await this.times.ofTags(id, [{ image, tag: reference.tag }])
        : await this.times.ofManifests(id, [{ image, digest: reference.digest }])
    return { image, found, times }
  }

  /** @returns undefined when there is no such image; one more than `maximumItems` when there are more */
  async #allTags(
    repository: OciRepository,
    path: string,
    context: RequestContext,
  ): Promise<readonly Tag[] | undefined> {
    if (!isImageName(path) || !(await repository.stored.holdsImage(path, context))) return undefined
    const tags: Tag[] = []
    for await (const page of tagPages(repository, path, context)) {
      tags.push(...page)
      if (tags.length > maximumItems) break
    }
    return tags
  }

  /** The names of the folders that images make. */
  async #foldersBelow(
    repository: OciRepository,
    path: string,
    context: RequestContext,
  ): Promise<readonly string[]> {
    const prefix = path === '' ? '' : `${path}/`
    const names = new Set<string>()
    if (path !== '' && !isImageName(path)) return []
    for (let after: string | undefined = prefix; after !== undefined && names.size <= maximumItems;) {
      const { items, more } = await repository.stored.images({ limit: pageLimit, after }, context)
      const inside = items.filter((image) => image.startsWith(prefix))
      const firsts = inside.map((image) => firstSegment(image.slice(prefix.length)))
      for (const name of firsts) names.add(name)
      const last = inside.at(-1)
      if (!more || last === undefined || inside.length < items.length) break
      // The rest of the last folder is known to be there.
      const inFolder = `${prefix}${firsts.at(-1)}/`
      after = last.startsWith(inFolder) ? inFolder + afterAllNames : last
    }
    return [...names]
  }

  async #listImages(
    repository: OciRepository,
    images: readonly ImageName[],
    list: ListedItems,
    context: RequestContext,
  ): Promise<void> {
    const added = images.filter((image) => list.addImage(image))
    await Promise.all(added.map((image) => this.#listImage(repository, image, list, context)))
  }

  async #listImage(
    repository: OciRepository,
    image: ImageName,
    list: ListedItems,
    context: RequestContext,
  ): Promise<void> {
    for await (const page of tagPages(repository, image, context)) {
      for (let start = 0; start < page.length && !list.isFull; start += manifestsAtOnce) {
        const tags = page.slice(start, start + manifestsAtOnce)
        for (const { tag, found, times } of await this.#tagged(repository, image, tags, context)) {
          const folder = `${image}/${tag}`
          list.addFolder(folder, times?.modified)
          list.addFiles(folder, manifestFiles(found.value), times?.modified)
        }
      }
      if (list.isFull) return
    }
  }

  async #tagged(
    repository: OciRepository,
    image: ImageName,
    tags: readonly Tag[],
    context: RequestContext,
  ): Promise<readonly TaggedManifest[]> {
    const looks = await Promise.all(
      tags.map((tag) => repository.stored.manifest(image, tagReference(tag), context)),
    )
    const found = tags.flatMap((tag, position) => {
      const look = looks[position]
      return look === undefined ? [] : [{ tag, found: look }]
    })
    const members = [...new Set(found.map((each) => each.found.foundIn))]
    const parts = await Promise.all(
      members.map(async (member) => {
        const there = found.filter((each) => each.found.foundIn === member)
        const id = this.idOf(member)
        const keys = there.map(({ tag }) => ({ image, tag }))
        const times = id === undefined ? [] : await this.times.ofTags(id, keys)
        return there.map((each, position) => ({ ...each, times: times[position] }))
      }),
    )
    return parts.flat()
  }
}

function firstSegment(path: string): string {
  const slash = path.indexOf('/')
  return slash < 0 ? path : path.slice(0, slash)
}
