import { type Digest, RegistryError, parseDigest } from '@entrepot/kernel'
import type { Annotations, Descriptor } from './descriptor.js'
import { bareMediaType, isIndexMediaType, isSchema1MediaType, mediaTypes } from './media-types.js'

/** Of a layer that a registry need not hold. */
export interface ForeignDescriptor extends Descriptor {
  /** Where it can be had, if the manifest says. */
  readonly urls: readonly string[]
}

/** What a manifest's bytes say, as far as a registry has to know. The bytes themselves are kept untouched. */
export interface ParsedManifest {
  readonly mediaType: string
  /** For an image: its own `artifactType`, else its config's media type. For an index: its own, if any. */
  readonly artifactType: string | undefined
  readonly annotations: Annotations
  /** Config and layers that the registry must hold: those with `urls` or a non-distributable type are left out. */
  readonly blobs: readonly Descriptor[]
  /** The layers that are left out of `blobs`: they lie elsewhere. */
  readonly foreign: readonly ForeignDescriptor[]
  /** The entries of an index. */
  readonly children: readonly Descriptor[]
  readonly subject: Digest | undefined
}

/** The most bytes a manifest may have: distribution-spec asks for at least 4 MB, containerd refuses more than this. */
export const maximumManifestBytes = 4 * 1024 * 1024

type JsonObject = Readonly<Record<string, unknown>>

/**
 * @param contentType the request's or upstream's `Content-Type`, undefined where there was none
 * @throws RegistryError MANIFEST_INVALID with the offending field
 */
export function parseManifest(bytes: Uint8Array, contentType: string | undefined): ParsedManifest {
  const body = parseObject(bytes)
  const mediaType = decideMediaType(body, contentType)
  if (body['schemaVersion'] !== 2) {
    throw invalid(`schemaVersion is ${JSON.stringify(body['schemaVersion'])}, expected 2`)
  }
  const isIndex = isIndexMediaType(mediaType)
  if ('manifests' in body && ('layers' in body || 'config' in body)) {
    throw invalid(
      'the manifest has both "manifests" and "layers" or "config": it can only be an index or an image',
    )
  }
  if (isIndex && !Array.isArray(body['manifests']))
    throw invalid(`"manifests" of a ${mediaType} must be a list`)
  if (isIndex) return parseIndex(body, mediaType)
  if ('manifests' in body) throw invalid(`a ${mediaType} has "manifests", which only an index has`)
  return parseImage(body, mediaType)
}

function parseIndex(body: JsonObject, mediaType: string): ParsedManifest {
  return {
    mediaType,
    artifactType: optionalString(body, 'artifactType'),
    annotations: parseAnnotations(body, 'annotations'),
    blobs: [],
    foreign: [],
    children: descriptorList(body, 'manifests'),
    subject: parseSubject(body),
  }
}

function parseImage(body: JsonObject, mediaType: string): ParsedManifest {
  const isKnownImage = mediaType === mediaTypes.ociManifest || mediaType === mediaTypes.dockerManifest
  if (isKnownImage && !('config' in body)) throw invalid('"config" is missing')
  const config = 'config' in body ? parseDescriptor(body['config'], 'config') : undefined
  const layers = 'layers' in body ? descriptorList(body, 'layers') : []
  const rawLayers = Array.isArray(body['layers']) ? (body['layers'] as readonly unknown[]) : []
  const heldLayers = layers.filter((layer, position) => !isForeign(layer, rawLayers[position]))
  const held = new Set(heldLayers.map(({ digest }) => digest))
  const foreign = layers.flatMap((layer, position) =>
    held.has(layer.digest) ? [] : [{ ...layer, urls: urlsOf(rawLayers[position]) }],
  )
  return {
    mediaType,
    artifactType: optionalString(body, 'artifactType') ?? config?.mediaType,
    annotations: parseAnnotations(body, 'annotations'),
    blobs: config === undefined ? heldLayers : [config, ...heldLayers],
    foreign,
    children: [],
    subject: parseSubject(body),
  }
}

function parseObject(bytes: Uint8Array): JsonObject {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw invalid('the manifest is not JSON in UTF-8', cause)
  }
  if (!isObject(value)) throw invalid('the manifest is not a JSON object')
  return value
}

function decideMediaType(body: JsonObject, contentType: string | undefined): string {
  const field = optionalString(body, 'mediaType')
  const header = contentType === undefined ? '' : bareMediaType(contentType)
  const said =
    header === '' || header === mediaTypes.octetStream || header === 'application/json' ? undefined : header
  if (said !== undefined && field !== undefined && said !== field.toLowerCase()) {
    throw invalid(
      `Content-Type ${JSON.stringify(said)} differs from the manifest's mediaType ${JSON.stringify(field)}`,
    )
  }
  const mediaType = said ?? field ?? ('manifests' in body ? mediaTypes.ociIndex : mediaTypes.ociManifest)
  if (!/^[\w.+-]+\/[\w.+-]+$/.test(mediaType))
    throw invalid(`mediaType ${JSON.stringify(mediaType.slice(0, 160))} is not a media type`)
  if (isSchema1MediaType(mediaType) || body['schemaVersion'] === 1) {
    throw invalid('schema 1 manifests are not accepted: push schema 2 or OCI (docker 1.10 and newer do)')
  }
  return mediaType
}

function descriptorList(body: JsonObject, field: string): readonly Descriptor[] {
  const list = body[field]
  if (list === null || list === undefined) return []
  if (!Array.isArray(list)) throw invalid(`"${field}" is not a list`)
  return list.map((entry: unknown, position) => parseDescriptor(entry, `${field}[${position}]`))
}

function parseDescriptor(value: unknown, where: string): Descriptor {
  if (!isObject(value)) throw invalid(`"${where}" is not a descriptor`)
  const { digest, size } = value
  if (typeof digest !== 'string') throw invalid(`"${where}.digest" is missing`)
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
    throw invalid(`"${where}.size" is ${JSON.stringify(size)}, expected a number of bytes`)
  }
  return {
    mediaType: optionalString(value, 'mediaType') ?? mediaTypes.octetStream,
    digest: digestField(digest, `${where}.digest`),
    size,
  }
}

function digestField(text: string, where: string): Digest {
  try {
    return parseDigest(text)
  } catch (cause) {
    throw invalid(`"${where}": ${cause instanceof Error ? cause.message : 'not a digest'}`, cause)
  }
}

function parseSubject(body: JsonObject): Digest | undefined {
  return body['subject'] === undefined || body['subject'] === null
    ? undefined
    : parseDescriptor(body['subject'], 'subject').digest
}

function parseAnnotations(body: JsonObject, field: string): Annotations {
  const value = body[field]
  if (value === undefined || value === null) return {}
  if (!isObject(value) || Object.values(value).some((entry) => typeof entry !== 'string')) {
    throw invalid(`"${field}" must map strings to strings`)
  }
  return value as Annotations
}

function optionalString(body: JsonObject, field: string): string | undefined {
  const value = body[field]
  if (value === undefined || value === null || value === '') return undefined
  if (typeof value !== 'string') throw invalid(`"${field}" is not a string`)
  return value
}

/** Layers that live elsewhere by design; image-spec, layer.md "Non-Distributable Layers". */
function isForeign(layer: Descriptor, raw: unknown): boolean {
  return (
    urlsOf(raw).length > 0 ||
    layer.mediaType.includes('nondistributable') ||
    layer.mediaType.includes('.foreign.')
  )
}

function urlsOf(raw: unknown): readonly string[] {
  const urls = isObject(raw) ? raw['urls'] : undefined
  return Array.isArray(urls) ? urls.filter((url) => typeof url === 'string') : []
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function invalid(message: string, cause?: unknown): RegistryError {
  return new RegistryError('MANIFEST_INVALID', message, { cause })
}
