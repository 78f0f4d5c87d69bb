import { isIndexMediaType, parseManifest } from '@entrepot/oci-model'
import type { ManifestBytes } from '../oci-repository.js'
import type { ItemFile } from './item.js'
import { blobFileName } from './item-path.js'

/** What is in the folder of a manifest: itself, and beside it the blobs that it needs. */
export function manifestFiles(manifest: ManifestBytes): readonly [ItemFile, ...ItemFile[]] {
  const { bytes, digest, mediaType } = manifest
  const name = isIndexMediaType(mediaType) ? 'list.manifest.json' : 'manifest.json'
  const blobs = parseManifest(bytes, mediaType).blobs.map((blob) => ({
    name: blobFileName(blob.digest),
    size: blob.size,
    digest: blob.digest,
    mediaType: blob.mediaType,
  }))
  const once = new Map(blobs.map((blob) => [blob.name, blob]))
  return [{ name, size: bytes.length, digest, mediaType }, ...once.values()]
}
