import type { UploadId } from '@entrepot/blob-store'
import { type Digest, isDigestAlgorithm, isRegistryError, parseDigest, RegistryError } from '@entrepot/kernel'
import type { UploadSession } from '@entrepot/oci-repository'
import type { ImageCall } from './call.js'
import type { RawHeaders } from './exchange.js'
import type { MountSources } from './mount-sources.js'
import { writerOf } from './writer-of.js'

/** Blob uploads: distribution-spec "Pushing blobs", "Mounting a blob from another repository". */
export class BlobUploads {
  constructor(
    private readonly mountSources: MountSources,
    private readonly stallMilliseconds: number,
  ) {}

  /** `POST /v2/<name>/blobs/uploads/`: a mount, a whole blob, or a new session. */
  readonly start = async (call: ImageCall): Promise<void> => {
    const { query } = call
    const mount = query.first('mount')
    const digest = query.first('digest')
    const expected = digest === undefined ? undefined : parseDigest(digest)
    checkAlgorithm(query.first('digest-algorithm'))
    const writer = writerOf(call)

    if (mount !== undefined && (await this.mount(call, parseDigest(mount)))) return
    const session = await writer.startUpload(call.image, call.context)
    if (expected === undefined || mount !== undefined) {
      answerSession(call, session.id, session.offset, 202)
      return
    }
    try {
      await this.append(call, session, undefined)
    } catch (error) {
      await session.cancel()
      throw error
    }
    await this.commit(call, session, expected)
  }

  /** `PATCH <location>`: the next bytes, with `Content-Range` when they are one chunk of several. */
  readonly patch = async (call: ImageCall): Promise<void> => {
    const session = await resume(call)
    const start = chunkStart(call, session)
    const offset = await this.append(call, session, start)
    answerSession(call, session.id, offset, 202)
  }

  /** `PUT <location>?digest=`: the last bytes, or none, and the end. */
  readonly finish = async (call: ImageCall): Promise<void> => {
    const digest = call.query.first('digest')
    if (digest === undefined) {
      throw new RegistryError('DIGEST_INVALID', 'the closing PUT of an upload needs ?digest=')
    }
    const expected = parseDigest(digest)
    const session = await resume(call)
    const start = chunkStart(call, session)
    if (call.exchange.hasRequestBody) await this.append(call, session, start)
    await this.commit(call, session, expected)
  }

  /** `GET <location>`: how far the upload has come. */
  readonly status = async (call: ImageCall): Promise<void> => {
    const session = await resume(call)
    answerSession(call, session.id, session.offset, 204)
  }

  /** `DELETE <location>`. */
  readonly cancel = async (call: ImageCall): Promise<void> => {
    const session = await resume(call)
    await session.cancel()
    call.exchange.reply(204, [])
  }

  /** @returns false when the blob can't be had so: an ordinary session follows, never a 4xx (protocol check list 132) */
  private async mount(call: ImageCall, digest: Digest): Promise<boolean> {
    const from = call.query.first('from')
    const source = from === undefined ? undefined : this.mountSources.find(call, from)
    if (from !== undefined && source === undefined) return false
    const mounted = await writerOf(call).mount(call.image, digest, source, call.context)
    if (mounted === undefined) return false
    answerBlob(call, digest)
    return true
  }

  private async append(call: ImageCall, session: UploadSession, start: number | undefined): Promise<number> {
    const body = call.exchange.openBody(this.stallMilliseconds)
    try {
      return await session.append(body, start, call.context)
    } catch (error) {
      if (isRegistryError(error, 'RANGE_INVALID')) throw outOfOrder(call, session)
      throw error
    } finally {
      body.destroy()
    }
  }

  private async commit(call: ImageCall, session: UploadSession, expected: Digest): Promise<void> {
    await session.commit(expected, call.context)
    answerBlob(call, expected)
  }
}

const uploadIdGrammar = /^[A-Za-z0-9_-]{1,128}$/

/** @throws RegistryError BLOB_UPLOAD_UNKNOWN, for another user's or repository's upload too */
async function resume(call: ImageCall): Promise<UploadSession> {
  const writer = writerOf(call)
  const session = uploadIdGrammar.test(call.item)
    ? await writer.resumeUpload(call.image, call.item as UploadId, call.context)
    : undefined
  if (session !== undefined) return session
  throw new RegistryError('BLOB_UPLOAD_UNKNOWN', 'blob upload unknown to registry', {
    detail: { upload: call.item.slice(0, 160) },
  })
}

/**
 * Where the client says its bytes start: `Content-Range: <a>-<b>`, also in the words of RFC 9110 `bytes <a>-<b>/<total>`.
 * The end is not compared with the length, because one client is off by one (protocol check list 112).
 * @returns undefined without the header
 * @throws RegistryError RANGE_INVALID when it isn't where the upload stands
 */
function chunkStart(call: ImageCall, session: UploadSession): number | undefined {
  const header = call.exchange.request.headers['content-range']
  if (header === undefined) return undefined
  const match = /^(?:bytes[ =])?\s*(\d{1,15})-(\d{1,15})(?:\/(?:\d{1,15}|\*))?$/.exec(header.trim())
  const start = Number(match?.[1] ?? Number.NaN)
  if (start === session.offset && Number(match?.[2]) >= start) return start
  // A chunk without a byte of its own is written "0--1" or "<offset>-<offset - 1>".
  if (match !== null && start === session.offset && !call.exchange.hasRequestBody) return start
  throw outOfOrder(call, session)
}

function outOfOrder(call: ImageCall, session: UploadSession): RegistryError {
  const header = call.exchange.request.headers['content-range'] ?? ''
  return new RegistryError(
    'RANGE_INVALID',
    `Content-Range ${JSON.stringify(header.slice(0, 160))} does not start at ${session.offset}, where the upload stands`,
    { headers: Object.fromEntries(sessionHeaders(call, session.id, session.offset)) },
  )
}

function answerSession(call: ImageCall, id: UploadId, offset: number, status: 202 | 204): void {
  const headers: RawHeaders = sessionHeaders(call, id, offset).flat()
  // A 204 has no Content-Length. RFC 9110 8.6.
  if (status === 202) headers.push('Content-Length', '0')
  call.exchange.reply(status, headers)
}

/** `Range` is `0-<last byte>`, and `0-0` for a fresh upload too: docker reads it with `%d-%d` (113). */
function sessionHeaders(call: ImageCall, id: UploadId, offset: number): [name: string, value: string][] {
  return [
    ['Location', call.location.path(`${call.visibleName}/blobs/uploads/${id}`)],
    ['Range', `0-${Math.max(offset - 1, 0)}`],
    ['Docker-Upload-UUID', id],
  ]
}

function answerBlob(call: ImageCall, digest: Digest): void {
  call.exchange.reply(201, [
    'Location',
    call.location.path(`${call.visibleName}/blobs/${digest}`),
    'Docker-Content-Digest',
    digest,
    'Content-Length',
    '0',
  ])
}

/** Both algorithms are computed anyway, so the hint of distribution-spec 1.2 only has to be one of them (120). */
function checkAlgorithm(algorithm: string | undefined): void {
  if (algorithm === undefined || isDigestAlgorithm(algorithm)) return
  throw new RegistryError(
    'DIGEST_INVALID',
    `digest-algorithm ${JSON.stringify(algorithm.slice(0, 160))} is not sha256 or sha512`,
  )
}
