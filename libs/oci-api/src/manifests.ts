import { type Digest, RegistryError, parseDigest } from '@entrepot/kernel'
import {
  digestReference,
  maximumManifestBytes,
  mediaTypes,
  parseReference,
  parseTag,
  subjectOfReferrersTag,
  type Reference,
  type Tag,
} from '@entrepot/oci-model'
import type { Found, ManifestBytes, MovedTag, PushedManifest } from '@entrepot/oci-repository'
import { acceptsAny } from './accepted-types.js'
import type { ImageCall } from './call.js'
import { entityTag, noneMatchHits } from './entity-tag.js'
import { readBytes } from './read-bytes.js'
import type { RawHeaders } from './exchange.js'
import { writerOf } from './writer-of.js'

/** distribution-spec "Pushing Manifests with Tags": at least ten must be possible. */
const maximumTags = 16

/** `GET|HEAD /v2/<name>/manifests/<reference>`. distribution-spec "Pulling manifests". */
export async function getManifest(call: ImageCall): Promise<void> {
  const { exchange, repository, image, context } = call
  const reference = parseReference(call.item)
  const stored = await repository.reader.manifest(image, reference, context)
  if (stored === undefined) {
    exchange.isHidden = isClosed(call, reference)
    throw unknownManifest(call)
  }
  const isByTag = reference.kind === 'tag'
  const found = isByTag ? await withoutUnwantedList(call, stored) : stored

  exchange.foundIn(found)
  const { digest, mediaType, bytes } = found.value
  const headers: RawHeaders = ['Docker-Content-Digest', digest, 'ETag', entityTag(digest)]
  headers.push('Cache-Control', isByTag ? 'no-cache' : 'max-age=31536000, immutable')
  if (noneMatchHits(exchange.request.headers['if-none-match'], digest)) {
    exchange.reply(304, headers)
    return
  }
  headers.push('Content-Type', mediaType, 'Content-Length', String(bytes.length))
  exchange.replyBytes(200, headers, bytes)
}

export class ManifestPushes {
  constructor(private readonly stallMilliseconds: number) {}

  /** `PUT /v2/<name>/manifests/<reference>`. distribution-spec "Pushing Manifests". */
  readonly put = async (call: ImageCall): Promise<void> => {
    const { exchange, image, context } = call
    const reference = parseReference(call.item)
    const tags = extraTags(call, reference)
    const writer = writerOf(call)
    const bytes = await readBytes(exchange, {
      limit: maximumManifestBytes,
      tooLarge: 'MANIFEST_TOO_LARGE',
      stallMilliseconds: this.stallMilliseconds,
    })
    const contentType = exchange.request.headers['content-type']
    const pushed = await writer.putManifest(image, reference, { bytes, contentType, tags }, context)

    exchange.change = {
      before: lost([...pushed.moved, ...pushed.surplus.tags]),
      after: { digest: pushed.digest, tags: pushed.tags, ...removedBy(pushed) },
    }

    const headers: RawHeaders = [
      'Location',
      call.location.path(`${call.visibleName}/manifests/${pushed.digest}`),
      'Docker-Content-Digest',
      pushed.digest,
      'Content-Length',
      '0',
    ]
    if (pushed.subject !== undefined) headers.push('OCI-Subject', pushed.subject)
    if (pushed.tags.length > 0) headers.push('OCI-Tag', pushed.tags.join(', '))
    exchange.reply(201, headers)
  }
}

/** `DELETE /v2/<name>/manifests/<reference>`. distribution-spec "Deleting tags", "Deleting Manifests". */
export async function deleteManifest(call: ImageCall): Promise<void> {
  const reference = parseReference(call.item)
  const deleted = await writerOf(call).deleteManifest(call.image, reference, call.context)
  if (deleted === undefined) throw unknownManifest(call)
  const { digest, tags } = deleted
  call.exchange.change = { before: { digest, tags } }
  call.exchange.reply(202, ['Content-Length', '0'])
}

/** For the audit trail: where the tags that a push moved or removed pointed to. */
function lost(tags: readonly MovedTag[]): object | undefined {
  if (tags.length === 0) return undefined
  return { tags: Object.fromEntries(tags.map(({ tag, from }) => [tag, from])) }
}

function removedBy({ surplus }: PushedManifest): object {
  const removed = [...surplus.tags.map(({ tag }) => tag), ...surplus.manifests]
  return removed.length === 0 ? {} : { removed }
}

/** `?tag=` of a push by digest; a push by tag names its tag already. @throws RegistryError TOO_MANY_TAGS, TAG_INVALID */
function extraTags(call: ImageCall, reference: Reference): readonly Tag[] {
  if (reference.kind === 'tag') return []
  const texts = [...new Set(call.query.all('tag'))]
  if (texts.length > maximumTags) {
    throw new RegistryError(
      'TOO_MANY_TAGS',
      `${texts.length} tags were asked for; one push can set ${maximumTags}`,
    )
  }
  return texts.map(parseTag)
}

/**
 * A client that takes no kind of list gets of a Docker manifest list, asked for by tag, the image for linux/amd64, as
 * Distribution does; everything else is served as it is stored (79).
 */
async function withoutUnwantedList(
  call: ImageCall,
  stored: Found<ManifestBytes>,
): Promise<Found<ManifestBytes>> {
  const { mediaType, bytes } = stored.value
  if (mediaType !== mediaTypes.dockerManifestList) return stored
  const lists = [mediaTypes.dockerManifestList, mediaTypes.ociIndex]
  if (acceptsAny(call.exchange.request.headers.accept, lists)) return stored
  const child = linuxAmd64Of(bytes)
  if (child === undefined) return stored
  const image = await call.repository.reader.manifest(call.image, digestReference(child), call.context)
  return image ?? stored
}

interface ListEntry {
  readonly digest?: unknown
  readonly platform?: { readonly os?: unknown; readonly architecture?: unknown }
}

function linuxAmd64Of(bytes: Buffer): Digest | undefined {
  const list = JSON.parse(bytes.toString('utf8')) as { readonly manifests?: readonly ListEntry[] }
  const entry = list.manifests?.find(
    ({ platform }) => platform?.os === 'linux' && platform.architecture === 'amd64',
  )
  return typeof entry?.digest === 'string' ? parseDigest(entry.digest) : undefined
}

/**
 * Whether the caller has no right to such a tag, there or not. By digest that is not known without a look; a tag made of
 * its subject's digest may be read by whoever may read the subject.
 */
function isClosed({ repository, image, context }: ImageCall, reference: Reference): boolean {
  if (reference.kind === 'digest' || subjectOfReferrersTag(reference.tag) !== undefined) return false
  const { leaves } = repository
  return leaves.length > 0 && !leaves.some((key) => context.may('read', key, image, reference.tag))
}

function unknownManifest(call: ImageCall): RegistryError {
  return new RegistryError('MANIFEST_UNKNOWN', 'manifest unknown', {
    detail: { name: call.visibleName, reference: call.item },
  })
}
