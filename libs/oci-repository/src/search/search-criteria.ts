import { type Digest, parseDigest, RegistryError } from '@entrepot/kernel'
import { isIndexMediaType, mediaTypes } from '@entrepot/oci-model'
import { blobFileName } from '../items/item-path.js'
import { partOfComputed } from '../properties/computed-properties.js'
import type { ReadableTag } from './tag-finder.js'
import type { Criterion, TagQuery, TextMatch } from './tag-search-store.js'

type Query = Omit<TagQuery, 'repositories'>

/** Those with a `*` or `?` in it are globs. */
export function textMatch(text: string): TextMatch {
  return /[*?]/.test(text) ? { like: text } : { is: text }
}

/**
 * What a name asks for: of a tag, an image, or the last part of an image's name, in part unless it is a glob; or that of a
 * file, which is a manifest's or a blob's.
 */
export function queryOfName(name: string): Query {
  if (name === 'manifest.json') return { mediaTypes: [mediaTypes.ociManifest, mediaTypes.dockerManifest] }
  if (name === 'list.manifest.json')
    return { mediaTypes: [mediaTypes.ociIndex, mediaTypes.dockerManifestList] }
  if (/^sha256__[0-9a-f]{64}$/.test(name)) return { digest: parseDigest(name.replace('__', ':')) }
  return { name: { like: /[*?]/.test(name) ? name : `*${name}*` } }
}

/** The file of what was found: that of `digest` where one was asked for, else of the manifest. */
export function filePathOf(
  { image, tag, digest: own, mediaType, holder }: ReadableTag,
  digest?: Digest,
): string {
  const folder = `${image}/${holder === undefined || holder === own ? tag : holder}`
  if (digest !== undefined && holder !== undefined && digest !== holder)
    return `${folder}/${blobFileName(digest)}`
  const isIndex = isIndexMediaType(mediaType) && (holder ?? own) === own
  return `${folder}/${isIndex ? 'list.manifest.json' : 'manifest.json'}`
}

/**
 * What properties are asked for, those that say what a manifest is too.
 * @throws RegistryError REQUEST_INVALID for one that can't be searched for so
 */
export function queryOfProperties(criteria: readonly Criterion[]): Query {
  const properties: Criterion[] = []
  const labels: Criterion[] = []
  const annotations: Criterion[] = []
  let query: Query = {}
  for (const criterion of criteria) {
    const part = partOfComputed(criterion.key)
    const computed = part === undefined ? computedQuery(criterion) : undefined
    if (part !== undefined) {
      const said = { key: part.key, values: criterion.values }
      if (part.kind === 'label') labels.push(said)
      else annotations.push(said)
    } else if (computed === undefined) {
      properties.push(criterion)
    } else {
      query = { ...query, ...computed }
    }
  }
  return { ...query, properties, labels, annotations }
}

/** Every manifest has these: without a value they ask for nothing. */
function computedQuery({ key, values }: Criterion): Query | undefined {
  switch (key) {
    case 'docker.manifest':
      return values.length === 0 ? {} : { tag: onlyOf(key, values) }
    case 'docker.repoName':
      return values.length === 0 ? {} : { image: onlyOf(key, values) }
    case 'docker.manifest.type':
    case 'artifactory.content-type':
      return values.length === 0 ? {} : { mediaTypes: values.map((value) => textOf(key, value)) }
    case 'docker.manifest.digest':
      return values.length === 0 ? {} : { manifest: parseDigest(textOf(key, onlyOf(key, values))) }
    case 'sha256':
      return values.length === 0
        ? {}
        : { manifest: parseDigest(`sha256:${textOf(key, onlyOf(key, values))}`) }
    default:
      return undefined
  }
}

function onlyOf(key: string, [value, ...others]: readonly TextMatch[]): TextMatch {
  if (value === undefined || others.length > 0) throw invalid(`${key} has several values, expected one`)
  return value
}

function textOf(key: string, value: TextMatch): string {
  if ('is' in value) return value.is
  throw invalid(`${key} has a * or ? in it, expected all of its value`)
}

function invalid(message: string): RegistryError {
  return new RegistryError('REQUEST_INVALID', message)
}
