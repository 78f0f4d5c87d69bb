import { gzipSync } from 'node:zlib'
import { makeTar, noise, ociIndex, ociManifest, type Descriptor } from '../../support/images.js'
import { digestOf, type Algorithm } from './digests.js'

export const emptyJson = 'application/vnd.oci.empty.v1+json'
const ociConfig = 'application/vnd.oci.image.config.v1+json'
const ociLayer = 'application/vnd.oci.image.layer.v1.tar'

export interface ManifestData {
  readonly mediaType: string
  readonly digest: string
  readonly bytes: Buffer
  readonly subject: string | undefined
  readonly tags: readonly string[]
}

export interface ManifestOptions {
  readonly tag?: string
  readonly subject?: Descriptor
  readonly artifactType?: string
  readonly annotations?: Readonly<Record<string, string>>
  /** Fields that no specification names. */
  readonly extra?: Readonly<Record<string, unknown>>
}

export interface ImageOptions extends ManifestOptions {
  readonly config?: Descriptor
  readonly layers?: readonly Descriptor[]
  readonly architecture?: string
  readonly compressed?: boolean
}

/** Content to push: blobs, then manifests in order, then tags; and the referrers that must be listed. */
export class DataSet {
  readonly blobs = new Map<string, Buffer>()
  readonly manifests: ManifestData[] = []
  readonly referrers = new Map<string, Descriptor[]>()
  private made = 0

  constructor(
    readonly title: string,
    private readonly seed: string,
    private readonly algorithm: Algorithm = 'sha256',
    /** Whether tags are given as `?tag=` of the push by digest. */
    readonly tagsByParameter = false,
    /** Whether descriptors carry their content in `data`. */
    private readonly embedded = false,
  ) {}

  get tags(): ReadonlyMap<string, ManifestData> {
    const named = this.manifests.flatMap((manifest) => manifest.tags.map((tag) => [tag, manifest] as const))
    return new Map(named)
  }

  blob(bytes: Buffer, mediaType = 'application/octet-stream'): Descriptor {
    const descriptor = this.describe(bytes, mediaType)
    this.blobs.set(descriptor.digest, bytes)
    return descriptor
  }

  noise(size = 2_048): Buffer {
    return noise(size, this.nextSeed())
  }

  layer(compressed = true): Descriptor {
    const tar = makeTar({ 'seed.txt': Buffer.from(this.nextSeed()) })
    return compressed ? this.blob(gzipSync(tar), `${ociLayer}+gzip`) : this.blob(tar, ociLayer)
  }

  config(architecture: string, extra: Readonly<Record<string, unknown>> = {}): Descriptor {
    const text = JSON.stringify({
      author: this.nextSeed(),
      architecture,
      os: 'linux',
      rootfs: { type: 'layers', diff_ids: [digestOf('sha256', this.nextSeed())] },
      ...extra,
    })
    return this.blob(Buffer.from(text), ociConfig)
  }

  /** An image of two layers, unless told otherwise. */
  image(options: ImageOptions = {}): Descriptor {
    const { compressed, architecture = 'amd64' } = options
    const layers = options.layers ?? [this.layer(compressed), this.layer(compressed)]
    const config = options.config ?? this.config(architecture, options.extra)
    return this.manifest(ociManifest, { config, layers }, options, config.mediaType)
  }

  /** An artifact: no config, and one blob of its own type. */
  artifact(artifactType: string, options: ImageOptions = {}): Descriptor {
    const config = this.blob(Buffer.from('{}'), emptyJson)
    const layers = [this.blob(this.noise(), artifactType)]
    return this.image({ config, layers, artifactType, ...options })
  }

  index(children: readonly Descriptor[], options: ManifestOptions = {}): Descriptor {
    return this.manifest(ociIndex, { manifests: children }, options)
  }

  /** An index over an image for each of two architectures. */
  platforms(options: ManifestOptions = {}): Descriptor {
    const { extra = {} } = options
    const children = ['amd64', 'arm64'].map((architecture) => ({
      ...this.image({ architecture, extra }),
      platform: { os: 'linux', architecture },
    }))
    return this.index(children, options)
  }

  /** Gives each manifest one more tag: its place. */
  tagAll(prefix: string): void {
    for (const [i, manifest] of this.manifests.entries())
      this.manifests[i] = { ...manifest, tags: [...manifest.tags, `${prefix}-${i}`] }
  }

  private manifest(
    mediaType: string,
    content: Readonly<Record<string, unknown>>,
    { tag, subject, artifactType, annotations, extra }: ManifestOptions,
    configType?: string,
  ): Descriptor {
    const fields = { schemaVersion: 2, mediaType, artifactType, ...content, subject, annotations, ...extra }
    // Indented and with a newline at its end: whoever serialises it again changes the digest.
    const bytes = Buffer.from(`${JSON.stringify(fields, undefined, 1)}\n`)
    const descriptor = this.describe(bytes, mediaType)
    const { digest } = descriptor
    this.manifests.push({
      mediaType,
      digest,
      bytes,
      subject: subject?.digest,
      tags: tag === undefined ? [] : [tag],
    })
    if (subject !== undefined) {
      const listed = this.referrers.get(subject.digest) ?? []
      const listedType = artifactType ?? configType
      listed.push({
        mediaType,
        digest,
        size: bytes.length,
        ...(listedType === undefined ? {} : { artifactType: listedType }),
        ...(annotations === undefined ? {} : { annotations }),
      })
      this.referrers.set(subject.digest, listed)
    }
    return descriptor
  }

  private describe(bytes: Buffer, mediaType: string): Descriptor {
    const data = this.embedded ? { data: bytes.toString('base64') } : {}
    return { mediaType, digest: digestOf(this.algorithm, bytes), size: bytes.length, ...data }
  }

  private nextSeed(): string {
    this.made += 1
    return `${this.seed} ${this.title} ${this.made}`
  }
}
