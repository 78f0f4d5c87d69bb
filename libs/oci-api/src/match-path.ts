/** The shapes a path below `/v2` can have; the first three name no image. */
export type RootPattern = 'base' | 'token' | 'catalog'
export type ImagePattern = 'manifest' | 'blob' | 'uploads' | 'upload' | 'tags' | 'referrers'

export type PathMatch =
  | { readonly pattern: RootPattern }
  | {
      readonly pattern: ImagePattern
      /** The name as the client sees it, unchecked. */
      readonly name: string
      /** The reference, digest or upload id, unchecked; empty where the pattern has none. */
      readonly item: string
    }

/**
 * Reads a path from its right end, because `a/blobs/uploads`, `x/manifests` and `y/tags/list` are legal names
 * (protocol check list 16).
 * @param path what stands after `/v2`, decoded
 * @returns undefined when it has none of the shapes
 */
export function matchPath(path: string): PathMatch | undefined {
  if (path === '' || path === '/') return { pattern: 'base' }
  if (path === '/token') return { pattern: 'token' }
  if (path === '/_catalog') return { pattern: 'catalog' }
  // Reserved extension roots: no name starts with "_" (27).
  if (path.charCodeAt(1) === 0x5f) return undefined

  const itemStart = path.lastIndexOf('/') + 1
  const wordEnd = itemStart - 1
  const wordStart = path.lastIndexOf('/', wordEnd - 1) + 1
  if (wordEnd <= 0 || wordStart <= 1) return undefined
  const item = path.slice(itemStart)
  const name = path.slice(1, wordStart - 1)

  switch (path.slice(wordStart, wordEnd)) {
    case 'manifests':
      return item === '' ? undefined : { pattern: 'manifest', name, item }
    case 'blobs':
      if (item === '') return undefined
      return item === 'uploads' ? { pattern: 'uploads', name, item: '' } : { pattern: 'blob', name, item }
    case 'referrers':
      return item === '' ? undefined : { pattern: 'referrers', name, item }
    case 'tags':
      return item === 'list' ? { pattern: 'tags', name, item: '' } : undefined
    case 'uploads':
      return matchUpload(name, item)
    default:
      return undefined
  }
}

function matchUpload(nameAndBlobs: string, item: string): PathMatch | undefined {
  if (!nameAndBlobs.endsWith('/blobs')) return undefined
  const name = nameAndBlobs.slice(0, -'/blobs'.length)
  return item === '' ? { pattern: 'uploads', name, item } : { pattern: 'upload', name, item }
}
