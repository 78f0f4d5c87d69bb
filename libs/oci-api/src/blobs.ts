import { type ByteRange, type Digest, parseDigest, RegistryError } from '@entrepot/kernel'
import type { BlobHandle } from '@entrepot/oci-repository'
import type { BufferPool } from './buffer-pool.js'
import type { ImageCall } from './call.js'
import { entityTag, ifRangeHolds, noneMatchHits } from './entity-tag.js'
import type { Exchange, RawHeaders } from './exchange.js'
import { parseRanges } from './requested-ranges.js'
import { sendBody } from './ring.js'
import { writerOf } from './writer-of.js'

const contentType = 'application/octet-stream'

/** Constant, because the bytes of a blob may hold any boundary just as well as this one. RFC 2046 5.1.1. */
const boundary = 'entrepot-part-7d1f0f6b2c9e4a58'

export class BlobDownloads {
  constructor(
    private readonly pool: BufferPool,
    private readonly stallMilliseconds: number,
  ) {}

  /** `GET|HEAD /v2/<name>/blobs/<digest>`. distribution-spec "Pulling blobs"; RFC 9110 14 for ranges. */
  readonly get = async (call: ImageCall): Promise<void> => {
    const { exchange, repository, image, context } = call
    const digest = parseDigest(call.item)
    const found = await repository.reader.blob(image, digest, context)
    if (found === undefined) throw unknownBlob(digest)

    exchange.foundIn(found)
    const { size } = found.value.descriptor
    const { headers } = exchange.request
    const common: RawHeaders = ['Docker-Content-Digest', digest, 'ETag', entityTag(digest)]
    common.push('Cache-Control', 'max-age=31536000, immutable', 'Accept-Ranges', 'bytes')
    if (noneMatchHits(headers['if-none-match'], digest)) {
      exchange.reply(304, common)
      return
    }
    // Only GET has ranges. RFC 9110 14.2.
    const isRanged = !exchange.isHead && ifRangeHolds(headers['if-range'], digest)
    const ranges = parseRanges(isRanged ? headers.range : undefined, size)
    if (ranges.kind === 'unsatisfiable') throw notSatisfiable(headers.range, size)
    if (ranges.kind === 'whole') await this.sendWhole(exchange, found.value, common)
    else if (ranges.parts.length > 1) await this.sendParts(exchange, found.value, ranges.parts, common)
    else if (ranges.parts[0] !== undefined)
      await this.sendPart(exchange, found.value, ranges.parts[0], common)
  }

  private async sendWhole(exchange: Exchange, blob: BlobHandle, headers: RawHeaders): Promise<void> {
    headers.push('Content-Type', contentType, 'Content-Length', String(blob.descriptor.size))
    if (exchange.isHead) {
      exchange.reply(200, headers)
      return
    }
    const body = await blob.open({ signal: exchange.signal })
    exchange.begin(200, headers)
    await sendBody(exchange.response, body, this.transfer(exchange))
    exchange.response.end()
  }

  private async sendPart(
    exchange: Exchange,
    blob: BlobHandle,
    range: ByteRange,
    headers: RawHeaders,
  ): Promise<void> {
    headers.push('Content-Type', contentType, 'Content-Length', String(lengthOf(range)))
    headers.push('Content-Range', contentRange(range, blob.descriptor.size))
    const body = await blob.open({ range, signal: exchange.signal })
    exchange.begin(206, headers)
    await sendBody(exchange.response, body, this.transfer(exchange))
    exchange.response.end()
  }

  /** RFC 9110 15.3.7.2. Parts are opened one after the other, the first before any header is sent. */
  private async sendParts(
    exchange: Exchange,
    blob: BlobHandle,
    ranges: readonly ByteRange[],
    headers: RawHeaders,
  ): Promise<void> {
    const { size } = blob.descriptor
    const heads = ranges.map((range) =>
      Buffer.from(
        `\r\n--${boundary}\r\nContent-Type: ${contentType}\r\nContent-Range: ${contentRange(range, size)}\r\n\r\n`,
      ),
    )
    const tail = Buffer.from(`\r\n--${boundary}--\r\n`)
    const total = ranges.reduce(
      (sum, range, position) => sum + lengthOf(range) + (heads[position]?.length ?? 0),
      tail.length,
    )
    headers.push(
      'Content-Type',
      `multipart/byteranges; boundary=${boundary}`,
      'Content-Length',
      String(total),
    )

    const { response, signal } = exchange
    for (const [position, range] of ranges.entries()) {
      const body = await blob.open({ range, signal })
      if (position === 0) exchange.begin(206, headers)
      const head = heads[position] ?? tail
      exchange.bytesOut += head.length
      response.write(head)
      await sendBody(response, body, this.transfer(exchange))
    }
    exchange.bytesOut += tail.length
    response.end(tail)
  }

  private transfer(exchange: Exchange): Parameters<typeof sendBody>[2] {
    return {
      pool: this.pool,
      stallMilliseconds: this.stallMilliseconds,
      onSent: (bytes) => {
        exchange.bytesOut += bytes
      },
    }
  }
}

/** `DELETE /v2/<name>/blobs/<digest>`. distribution-spec "Deleting Blobs". */
export async function deleteBlob(call: ImageCall): Promise<void> {
  const digest = parseDigest(call.item)
  const deleted = await writerOf(call).deleteBlob(call.image, digest, call.context)
  if (!deleted) throw unknownBlob(digest)
  call.exchange.change = {}
  call.exchange.reply(202, ['Content-Length', '0'])
}

function lengthOf(range: ByteRange): number {
  return range.end - range.start + 1
}

function contentRange(range: ByteRange, size: number): string {
  return `bytes ${range.start}-${range.end}/${size}`
}

function unknownBlob(digest: Digest): RegistryError {
  return new RegistryError('BLOB_UNKNOWN', 'blob unknown to registry', { detail: { digest } })
}

/** RFC 9110 15.5.17. */
function notSatisfiable(range: string | undefined, size: number): RegistryError {
  return new RegistryError(
    'RANGE_NOT_SATISFIABLE',
    `no part of ${JSON.stringify((range ?? '').slice(0, 160))} lies inside the blob's ${size} bytes`,
    { headers: { 'Content-Range': `bytes */${size}` } },
  )
}
