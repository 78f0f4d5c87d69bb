import { createHash } from 'node:crypto'
import type { Bench } from '../bench.js'
import type { Contender } from '../contenders/contender.js'
import type { BlobSpec } from '../load/tasks.js'
import { pulledBlob } from './blob-scenarios.js'
import type { Stocked } from './scenario.js'

const manifestType = 'application/vnd.oci.image.manifest.v1+json'
const configType = 'application/vnd.oci.image.config.v1+json'
const layerType = 'application/vnd.oci.image.layer.v1.tar+gzip'

const config: BlobSpec = { mebibytes: 1, name: 'config' }
const layers: readonly BlobSpec[] = Array.from({ length: 6 }, (_, position) => ({
  mebibytes: 1,
  name: `layer ${position}`,
}))

/** Pushes what the measurements pull, and checks once, byte by byte, that it comes back: the page cache has it then. */
export async function stock(bench: Bench, contender: Contender): Promise<Stocked> {
  const large = pulledBlob(bench)
  await bench.measure(contender, (target) => ({
    kind: 'upload',
    target,
    blobs: [large],
    clients: 1,
    mode: 'patch',
  }))
  await bench.measure(contender, (target) => ({
    kind: 'download',
    target,
    blob: large,
    clients: 1,
    times: 1,
    verify: true,
  }))
  const manifestDigest = await stockImage(bench, contender)
  await bench.keep(contender)
  await bench.forgetPushed(contender)
  return { manifestDigest }
}

/** Pushes an image of six layers as `latest`. @returns its manifest's digest */
export async function stockImage(bench: Bench, contender: Contender): Promise<string> {
  await bench.measure(contender, (target) => ({
    kind: 'upload',
    target,
    blobs: [config, ...layers],
    clients: 1,
    mode: 'patch',
  }))
  const manifest = Buffer.from(JSON.stringify(await manifestOf(bench)))
  const manifestDigest = `sha256:${createHash('sha256').update(manifest).digest('hex')}`
  await putManifest(contender, manifest)
  await checkManifest(contender, 'latest', manifest)
  await checkManifest(contender, manifestDigest, manifest)
  return manifestDigest
}

async function manifestOf(bench: Bench): Promise<object> {
  const descriptor = async (mediaType: string, blob: BlobSpec) => ({
    mediaType,
    digest: await bench.digestOf(blob),
    size: blob.mebibytes * 1024 * 1024,
  })
  const layerDescriptors: object[] = []
  for (const layer of layers) layerDescriptors.push(await descriptor(layerType, layer))
  return {
    schemaVersion: 2,
    mediaType: manifestType,
    config: await descriptor(configType, config),
    layers: layerDescriptors,
  }
}

async function putManifest(contender: Contender, manifest: Buffer<ArrayBuffer>): Promise<void> {
  const { url, headers } = await manifestRequest(contender, 'latest')
  headers.set('content-type', manifestType)
  const response = await fetch(url, { method: 'PUT', headers, body: manifest })
  if (response.status !== 201)
    throw new Error(`PUT of a manifest: ${response.status} ${await response.text()}`)
}

async function checkManifest(contender: Contender, reference: string, manifest: Buffer): Promise<void> {
  const { url, headers } = await manifestRequest(contender, reference)
  const response = await fetch(url, { headers })
  const bytes = Buffer.from(await response.arrayBuffer())
  if (response.status !== 200 || !bytes.equals(manifest)) {
    throw new Error(`GET of the manifest ${reference}: ${response.status}, ${bytes.length} bytes`)
  }
}

async function manifestRequest(
  contender: Contender,
  reference: string,
): Promise<{ url: string; headers: Headers }> {
  const { host, port, path, authorization } = await contender.target()
  const headers = new Headers({ accept: manifestType })
  if (authorization !== undefined) headers.set('authorization', authorization)
  return { url: `http://${host}:${port}${path}/manifests/${reference}`, headers }
}
