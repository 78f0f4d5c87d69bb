import { createHash } from 'node:crypto'

export const algorithms = ['sha256', 'sha512'] as const
export type Algorithm = (typeof algorithms)[number]

export function digestOf(algorithm: Algorithm, bytes: Buffer | string): string {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`
}

/** The digest of bytes in the algorithm of another digest: equal means "these are the bytes". */
export function digestLike(digest: string, bytes: Buffer): string {
  return digestOf(digest.startsWith('sha512:') ? 'sha512' : 'sha256', bytes)
}
