import { digestOf, type Digest } from '@entrepot/kernel'

export interface Content {
  readonly digest: Digest
  readonly bytes: Buffer
  readonly mediaType: string
  /** `{ mediaType, digest, size }`, as a manifest lists it. */
  readonly descriptor: { readonly mediaType: string; readonly digest: Digest; readonly size: number }
}

export interface AddedImage extends Content {
  readonly config: Content
  readonly layers: readonly Content[]
}

export interface ImageOptions {
  /** One small layer, different for each image and tag, unless told. */
  readonly layers?: readonly Buffer[]
  readonly annotations?: Readonly<Record<string, string>>
  readonly artifactType?: string
  /** What the image refers to: it then shows among the referrers. */
  readonly subject?: Content
  readonly mediaType?: string
}

interface Repository {
  readonly blobs: Map<string, Content>
  readonly manifests: Map<string, Content>
  readonly tags: Map<string, Digest>
}

const imageManifest = 'application/vnd.oci.image.manifest.v1+json'
const imageIndex = 'application/vnd.oci.image.index.v1+json'
const imageConfig = 'application/vnd.oci.image.config.v1+json'
const imageLayer = 'application/vnd.oci.image.layer.v1.tar'

export function contentOf(bytes: Buffer, mediaType: string): Content {
  const digest = digestOf(bytes)
  return { digest, bytes, mediaType, descriptor: { mediaType, digest, size: bytes.length } }
}

/** What a {@link FaultyRegistry} has to offer, by image name. */
export class RegistryContent {
  readonly #repositories = new Map<string, Repository>()

  repository(image: string): Repository | undefined {
    return this.#repositories.get(image)
  }

  addBlob(image: string, bytes: Buffer, mediaType = 'application/octet-stream'): Content {
    const blob = contentOf(bytes, mediaType)
    this.#repositoryFor(image).blobs.set(blob.digest, blob)
    return blob
  }

  addManifest(image: string, bytes: Buffer, mediaType: string, tags: readonly string[]): Content {
    const manifest = contentOf(bytes, mediaType)
    const repository = this.#repositoryFor(image)
    repository.manifests.set(manifest.digest, manifest)
    for (const tag of tags) repository.tags.set(tag, manifest.digest)
    return manifest
  }

  addImage(image: string, tag: string | undefined, options: ImageOptions): AddedImage {
    const layers = (options.layers ?? [Buffer.from(`layer of ${image}:${tag ?? ''}`)]).map((bytes) =>
      this.addBlob(image, bytes, imageLayer),
    )
    const config = this.addBlob(
      image,
      json({
        architecture: 'amd64',
        os: 'linux',
        rootfs: { type: 'layers', diff_ids: layers.map((l) => l.digest) },
      }),
      imageConfig,
    )
    const mediaType = options.mediaType ?? imageManifest
    const manifest = json({
      schemaVersion: 2,
      mediaType,
      ...(options.artifactType === undefined ? {} : { artifactType: options.artifactType }),
      config: config.descriptor,
      layers: layers.map((layer) => layer.descriptor),
      ...(options.subject === undefined ? {} : { subject: options.subject.descriptor }),
      ...(options.annotations === undefined ? {} : { annotations: options.annotations }),
    })
    return { ...this.addManifest(image, manifest, mediaType, tag === undefined ? [] : [tag]), config, layers }
  }

  addIndex(image: string, tag: string | undefined, children: readonly Content[]): Content {
    const index = json({
      schemaVersion: 2,
      mediaType: imageIndex,
      manifests: children.map((child) => child.descriptor),
    })
    return this.addManifest(image, index, imageIndex, tag === undefined ? [] : [tag])
  }

  /** The index that the referrers route answers (distribution-spec 1.1, "Listing Referrers"). */
  referrersOf(image: string, subject: string, artifactType: string | null): Content {
    const manifests = [...(this.repository(image)?.manifests.values() ?? [])].flatMap((manifest) => {
      const fields = fieldsOf(manifest)
      const type = fields.artifactType ?? fields.config?.mediaType
      if (fields.subject?.digest !== subject || (artifactType !== null && type !== artifactType)) return []
      return [{ ...manifest.descriptor, artifactType: type, annotations: fields.annotations }]
    })
    return contentOf(json({ schemaVersion: 2, mediaType: imageIndex, manifests }), imageIndex)
  }

  #repositoryFor(image: string): Repository {
    const known = this.#repositories.get(image)
    if (known !== undefined) return known
    const made: Repository = { blobs: new Map(), manifests: new Map(), tags: new Map() }
    this.#repositories.set(image, made)
    return made
  }
}

interface ManifestFields {
  readonly subject?: { readonly digest: string }
  readonly artifactType?: string
  readonly config?: { readonly mediaType: string }
  readonly annotations?: Readonly<Record<string, string>>
}

/** None for a manifest that isn't JSON: tests put such here on purpose. */
function fieldsOf(manifest: Content): ManifestFields {
  try {
    return JSON.parse(manifest.bytes.toString()) as ManifestFields
  } catch {
    return {}
  }
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value))
}
