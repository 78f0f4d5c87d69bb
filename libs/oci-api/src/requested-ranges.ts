import type { ByteRange } from '@entrepot/kernel'

export type RequestedRanges =
  | { readonly kind: 'whole' }
  | { readonly kind: 'parts'; readonly parts: readonly ByteRange[] }
  | { readonly kind: 'unsatisfiable' }

const whole: RequestedRanges = { kind: 'whole' }
const unsatisfiable: RequestedRanges = { kind: 'unsatisfiable' }

/** Beyond this many parts a client gets the whole: each part costs an open file, and its header could ask for thousands. */
const maximumParts = 16

/**
 * What of `size` bytes a `Range` header asks for. RFC 9110 14.1.2, 14.2. Another unit, a header that makes no sense, too
 * many parts, or more bytes than there are mean the whole; `bytes=500-0` is refused (protocol check list 94). Of several
 * parts those outside the content are left out.
 */
export function parseRanges(header: string | undefined, size: number): RequestedRanges {
  if (header === undefined || size === 0 || !header.startsWith('bytes=')) return whole
  const specs = header.slice('bytes='.length).split(',')
  if (specs.length > maximumParts) return whole
  const parts: ByteRange[] = []
  let total = 0
  for (const spec of specs) {
    const match = /^[ \t]*(\d{0,15})-(\d{0,15})[ \t]*$/.exec(spec)
    const [first, last] = [match?.[1] ?? '', match?.[2] ?? '']
    if (first === '' && last === '') return whole
    const part = first === '' ? suffix(Number(last), size) : between(Number(first), last, size)
    if (part === undefined) continue
    parts.push(part)
    total += part.end - part.start + 1
  }
  if (parts.length === 0) return unsatisfiable
  return total > size && parts.length > 1 ? whole : { kind: 'parts', parts }
}

function suffix(length: number, size: number): ByteRange | undefined {
  return length === 0 ? undefined : { start: Math.max(size - length, 0), end: size - 1 }
}

function between(start: number, last: string, size: number): ByteRange | undefined {
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1)
  return start >= size || end < start ? undefined : { start, end }
}
