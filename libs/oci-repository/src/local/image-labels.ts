import type { Annotations, Descriptor, ImageName } from '@entrepot/oci-model'
import type { BlobContent } from '../blob-content.js'

/** image-spec config.md, and what Docker makes. */
const configTypes: ReadonlySet<string> = new Set([
  'application/vnd.oci.image.config.v1+json',
  'application/vnd.docker.container.image.v1+json',
])

/** More is not read: a config is some kilobytes. */
const maximumConfigBytes = 256 * 1024

/**
 * The labels that the config among `blobs` gives to its image; none for what is no image, or whose config is not JSON or
 * too large. It is read while the manifest is pushed, when its client has just brought it, so that a search finds them as
 * soon as the push is over.
 */
export async function imageLabels(
  image: ImageName,
  blobs: readonly Descriptor[],
  content: BlobContent,
): Promise<Annotations> {
  const config = blobs.find(({ mediaType }) => configTypes.has(mediaType))
  if (config === undefined || config.size > maximumConfigBytes) return {}
  const stored = await content.find(image, config.digest)
  // What is not there is refused with the manifest; what says to be small may not be.
  if (stored === undefined || stored.descriptor.size > maximumConfigBytes) return {}
  const bytes = Buffer.alloc(stored.descriptor.size)
  const body = await stored.open()
  try {
    for (let read = 0; read < bytes.length;) {
      const length = await body.read(bytes.subarray(read))
      if (length === 0) break
      read += length
    }
  } finally {
    await body.close()
  }
  return labelsIn(bytes)
}

function labelsIn(bytes: Buffer): Annotations {
  let config: unknown
  try {
    config = JSON.parse(bytes.toString('utf8'))
  } catch (error) {
    if (error instanceof SyntaxError) return {}
    throw error
  }
  const labels = fieldOf(fieldOf(config, 'config'), 'Labels')
  if (typeof labels !== 'object' || labels === null) return {}
  const texts = Object.entries(labels).filter(([, value]) => typeof value === 'string')
  return Object.fromEntries(texts)
}

function fieldOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
  return (value as Readonly<Record<string, unknown>>)[name]
}
