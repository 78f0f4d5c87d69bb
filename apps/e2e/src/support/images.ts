import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

export const ociManifest = 'application/vnd.oci.image.manifest.v1+json'
export const ociIndex = 'application/vnd.oci.image.index.v1+json'
const ociConfig = 'application/vnd.oci.image.config.v1+json'
const ociLayer = 'application/vnd.oci.image.layer.v1.tar+gzip'

export interface Descriptor {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
  readonly [field: string]: unknown
}

/** An image made offline: the manifest's exact bytes and the blobs it names. */
export interface Image {
  readonly mediaType: string
  readonly bytes: Buffer
  readonly digest: string
  readonly blobs: ReadonlyMap<string, Buffer>
  readonly children: readonly Image[]
}

export function sha256(bytes: Buffer | string): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

/** Bytes that look random and are the same for the same seed, so that a failure can be repeated. */
export function noise(size: number, seed: string): Buffer {
  const blocks: Buffer[] = []
  for (let made = 0, i = 0; made < size; made += 64, i += 1)
    blocks.push(createHash('sha512').update(`${seed}:${i}`).digest())
  return Buffer.concat(blocks).subarray(0, size)
}

/** A one-layer image for linux; `seed` makes it differ from others, `size` is that of its one file. */
export function makeImage(seed: string, size = 50_000, architecture = 'amd64'): Image {
  const tar = makeTar({ 'etc/seed': Buffer.from(seed), 'data/noise': noise(size, seed) })
  const layer = gzipSync(tar, { level: 1 })
  const config = Buffer.from(
    JSON.stringify({
      architecture,
      os: 'linux',
      config: { Cmd: ['/bin/true'], Labels: { seed } },
      rootfs: { type: 'layers', diff_ids: [sha256(tar)] },
      history: [{ created_by: 'e2e' }],
    }),
  )
  const bytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: ociManifest,
      config: describe(ociConfig, config),
      layers: [describe(ociLayer, layer)],
    }),
  )
  const blobs = new Map([
    [sha256(config), config],
    [sha256(layer), layer],
  ])
  return { mediaType: ociManifest, bytes, digest: sha256(bytes), blobs, children: [] }
}

/** An index over one image for each architecture. */
export function makeIndex(seed: string, architectures: readonly string[] = ['amd64', 'arm64']): Image {
  const children = architectures.map((architecture) =>
    makeImage(`${seed}-${architecture}`, 20_000, architecture),
  )
  const manifests = children.map((child, i) => ({
    ...describe(child.mediaType, child.bytes),
    platform: { os: 'linux', architecture: architectures[i] },
  }))
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: ociIndex, manifests }))
  return { mediaType: ociIndex, bytes, digest: sha256(bytes), blobs: new Map(), children }
}

/** The digest of an image's layer: the larger of its two blobs. */
export function layerOf(image: Image): { digest: string; bytes: Buffer } {
  const [digest, bytes] = [...image.blobs].toSorted((a, b) => b[1].length - a[1].length)[0] ?? []
  if (digest === undefined || bytes === undefined) throw new Error('an index has no layer')
  return { digest, bytes }
}

/** Writes an OCI image layout that skopeo, podman and buildah read as `oci:<folder>:<tag>`. */
export async function writeLayout(folder: string, image: Image, tag: string): Promise<void> {
  const blobs = join(folder, 'blobs', 'sha256')
  await mkdir(blobs, { recursive: true })
  const write = async (part: Image): Promise<void> => {
    await writeFile(join(blobs, hexOf(part.digest)), part.bytes)
    for (const [digest, bytes] of part.blobs) await writeFile(join(blobs, hexOf(digest)), bytes)
    for (const child of part.children) await write(child)
  }
  await write(image)
  const entry = {
    ...describe(image.mediaType, image.bytes),
    annotations: { 'org.opencontainers.image.ref.name': tag },
  }
  await writeFile(join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
  await writeFile(join(folder, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [entry] }))
}

/** A POSIX ustar archive of plain files. */
export function makeTar(files: Readonly<Record<string, Buffer>>): Buffer {
  const parts: Buffer[] = []
  for (const [name, content] of Object.entries(files)) {
    const header = Buffer.alloc(512)
    header.write(name, 0)
    header.write('0000644\0', 100)
    header.write('0000000\0', 108)
    header.write('0000000\0', 116)
    header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124)
    header.write('00000000000\0', 136)
    header.write('        ', 148)
    header.write('0', 156)
    header.write('ustar\0', 257)
    header.write('00', 263)
    const sum = header.reduce((total, byte) => total + byte, 0)
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
    parts.push(header, content, Buffer.alloc((512 - (content.length % 512)) % 512))
  }
  return Buffer.concat([...parts, Buffer.alloc(1024)])
}

function describe(mediaType: string, bytes: Buffer): Descriptor {
  return { mediaType, digest: sha256(bytes), size: bytes.length }
}

function hexOf(digest: string): string {
  return digest.slice('sha256:'.length)
}
