import { hexOf } from '@entrepot/kernel'
import { type ImageName, type Reference, referenceText } from '@entrepot/oci-model'
import type { ManifestBytes } from '../oci-repository.js'
import type { Properties } from './properties.js'
import type { ManifestLabels } from './property-store.js'

const labelPrefix = 'docker.label.'
const annotationPrefix = 'oci.annotation.'

const computedKeys: ReadonlySet<string> = new Set([
  'artifactory.content-type',
  'docker.manifest',
  'docker.manifest.digest',
  'docker.manifest.type',
  'docker.repoName',
  'sha256',
])

/** Whether it says what a manifest is, and is nobody's to set. */
export function isComputed(key: string): boolean {
  return computedKeys.has(key) || key.startsWith(labelPrefix) || key.startsWith(annotationPrefix)
}

/** What Artifactory has as properties of the file of a manifest, by the names that its clients search for. */
export function computedProperties(
  image: ImageName,
  reference: Reference,
  { digest, mediaType }: Omit<ManifestBytes, 'bytes'>,
  { labels, annotations }: ManifestLabels,
): Properties {
  return new Map<string, readonly string[]>([
    ['artifactory.content-type', [mediaType]],
    ['docker.manifest', [referenceText(reference)]],
    ['docker.manifest.digest', [digest]],
    ['docker.manifest.type', [mediaType]],
    ['docker.repoName', [image]],
    ...(digest.startsWith('sha256:') ? [['sha256', [hexOf(digest)]] as const] : []),
    ...[...labels].map(([key, values]) => [`${labelPrefix}${key}`, values] as const),
    ...[...annotations].map(([key, values]) => [`${annotationPrefix}${key}`, values] as const),
  ])
}

/** What a computed property is one of, and under which key. */
export function partOfComputed(
  key: string,
): { readonly kind: 'label' | 'annotation'; readonly key: string } | undefined {
  if (key.startsWith(labelPrefix)) return { kind: 'label', key: key.slice(labelPrefix.length) }
  if (key.startsWith(annotationPrefix)) return { kind: 'annotation', key: key.slice(annotationPrefix.length) }
  return undefined
}
