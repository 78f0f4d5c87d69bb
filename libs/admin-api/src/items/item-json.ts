import { hexOf } from '@entrepot/kernel'
import type { FileItem, FolderItem, ItemList, ItemTimes } from '@entrepot/oci-repository'

/** Of a folder that is no tag's: clients read a time of everything, and must not see it change. */
const noTime = new Date(0).toISOString()

export interface ItemPlace {
  readonly baseUrl: string
  /** As it was asked for. */
  readonly repository: string
}

/** Artifactory's file or folder info. SHA-1 and MD5 are not known here, and left out. */
export function itemJson(item: FileItem | FolderItem, { baseUrl, repository }: ItemPlace): object {
  const uri = itemUri({ baseUrl, repository }, item.path)
  if (item.kind === 'folder') {
    const children = item.children.map(({ name, folder }) => ({ uri: `/${name}`, folder }))
    return { repo: repository, path: `/${item.path}`, ...timesJson(item.times), children, uri }
  }
  const { digest, foundIn, image, isManifest } = item
  const checksums = { sha256: hexOf(digest) }
  const kind = isManifest ? 'manifests' : 'blobs'
  return {
    repo: foundIn,
    path: `/${item.path}`,
    ...timesJson(item.times),
    downloadUri: `${baseUrl}/artifactory/api/docker/${repository}/v2/${image}/${kind}/${digest}`,
    mimeType: item.mediaType,
    size: String(item.size),
    ...(digest.startsWith('sha256:') ? { checksums, originalChecksums: checksums } : {}),
    uri,
  }
}

/** Artifactory's file list. */
export function itemListJson(
  { items }: ItemList,
  path: string,
  withFolders: boolean,
  { baseUrl, repository }: ItemPlace,
  now: Date,
): object {
  const files = items
    .filter(({ folder }) => withFolders || !folder)
    .map(({ path: uri, folder, size, digest, modified }) => ({
      uri: `/${uri}`,
      size: folder ? -1 : size,
      lastModified: modified?.toISOString() ?? noTime,
      folder,
      ...(digest?.startsWith('sha256:') === true ? { sha2: hexOf(digest) } : {}),
    }))
  return { uri: itemUri({ baseUrl, repository }, path), created: now.toISOString(), files }
}

/** Where an item is told about. @param path empty for the repository */
export function itemUri({ baseUrl, repository }: ItemPlace, path: string): string {
  const root = `${baseUrl}/artifactory/api/storage/${repository}`
  return path === '' ? root : `${root}/${path}`
}

function timesJson(times: ItemTimes | undefined): object {
  if (times === undefined) return { created: noTime, lastModified: noTime, lastUpdated: noTime }
  const { created, createdBy, modified, modifiedBy } = times
  return {
    created: created.toISOString(),
    ...(createdBy === undefined ? {} : { createdBy }),
    lastModified: modified.toISOString(),
    ...(modifiedBy === undefined ? {} : { modifiedBy }),
    lastUpdated: modified.toISOString(),
  }
}
