import { expect, it } from 'vitest'
import { expectStatus, type Answer } from '../../support/registry-client.js'
import type { Push } from './push-blob.js'

/** The range of a blob of 2048 bytes, and the part of it that must come. */
const parts: readonly (readonly [string, number, number])[] = [
  ['bytes=500-1499', 500, 1_499],
  ['bytes=500-', 500, 2_047],
  ['bytes=-500', 1_548, 2_047],
  ['bytes=2000-5000', 2_000, 2_047],
]

/**
 * The six range cases. `push` gives the blob of a case: a remote repository needs another one for each, so
 * that each is asked while the blob is not cached.
 */
export function registerRanges(push: (range: string) => Push): void {
  const ask = async (range: string): Promise<Answer> => {
    const { target, name, digest } = push(range)
    return target.wire.send('GET', target.path(name, `blobs/${digest}`), { headers: { range } })
  }

  it.each(parts)('%s gives its part of the blob', async (range, first, last) => {
    const answer = expectStatus(await ask(range), 206)
    expect(answer.headers.get('content-range')).toBe(`bytes ${first}-${last}/2048`)
    expect(answer.headers.get('content-length')).toBe(String(last - first + 1))
    expect(answer.body.equals(push(range).bytes.subarray(first, last + 1))).toBe(true)
  })

  it.each(['bytes=500-0', 'bytes=5000-10000'])('%s is refused with 416 and a whole body', async (range) => {
    const answer = expectStatus(await ask(range), 416)
    expect(answer.headers.get('content-length')).toBe(String(answer.body.length))
  })
}

/** All ranges that are asked. */
export const rangesAsked = [...parts.map(([range]) => range), 'bytes=500-0', 'bytes=5000-10000']
