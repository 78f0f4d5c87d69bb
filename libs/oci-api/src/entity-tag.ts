import type { Digest } from '@entrepot/kernel'

/** Content that is named by its digest has it as its strong validator. RFC 9110 8.8.3. */
export function entityTag(digest: Digest): string {
  return `"${digest}"`
}

/** `If-None-Match` with quotes, without, and with `W/` (protocol check list 76). RFC 9110 13.1.2. */
export function noneMatchHits(header: string | undefined, digest: Digest): boolean {
  if (header === undefined) return false
  if (header.length === digest.length + 2 && header === entityTag(digest)) return true
  return header.split(',').some((part) => {
    const tag = part
      .trim()
      .replace(/^W\//, '')
      .replace(/^"(.*)"$/, '$1')
    return tag === digest || tag === '*'
  })
}

/** Without `If-Range`, or with this very content's strong tag, a `Range` counts. RFC 9110 13.1.5. */
export function ifRangeHolds(header: string | readonly string[] | undefined, digest: Digest): boolean {
  return header === undefined || header.toString().trim() === entityTag(digest)
}
