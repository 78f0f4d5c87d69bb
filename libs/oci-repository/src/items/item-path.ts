import { type Digest, parseDigest } from '@entrepot/kernel'
import {
  digestReference,
  type ImageName,
  isImageName,
  isTag,
  type Reference,
  tagReference,
} from '@entrepot/oci-model'

/**
 * The folder of a tag, `<image>/<tag>`, or of a manifest by digest, `<image>/sha256:<hex>`, also with `sha256__` as clients
 * write it. Of a tag that looks like that nothing is found here.
 */
export interface ManifestFolder {
  readonly image: ImageName
  readonly reference: Reference
}

/** @returns undefined for a path that no manifest's folder can have */
export function manifestFolderOf(path: string): ManifestFolder | undefined {
  const [folder, name] = splitLast(path)
  if (!isImageName(folder)) return undefined
  const digest = digestOrNone(name.replace(/^sha256__/, 'sha256:'))
  if (digest === undefined && isTag(name)) return { image: folder, reference: tagReference(name) }
  return digest === undefined ? undefined : { image: folder, reference: digestReference(digest) }
}

/** Whether a file of that name is the manifest, and not a blob, of the folder that it is in. */
export function isManifestFile(name: string): boolean {
  return name === 'manifest.json' || name === 'list.manifest.json'
}

/** What a blob is called in the folder of a manifest. */
export function blobFileName(digest: Digest): string {
  return digest.replace(':', '__')
}

/** `a/b/c` as `a/b` and `c`. */
export function splitLast(path: string): readonly [folder: string, name: string] {
  const slash = path.lastIndexOf('/')
  return slash < 0 ? ['', path] : [path.slice(0, slash), path.slice(slash + 1)]
}

const digestGrammar = /^sha(?:256:[0-9a-f]{64}|512:[0-9a-f]{128})$/

function digestOrNone(text: string): Digest | undefined {
  return digestGrammar.test(text) ? parseDigest(text) : undefined
}
