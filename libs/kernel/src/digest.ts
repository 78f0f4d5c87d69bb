import { createHash, type Hash } from 'node:crypto'
import { RegistryError } from './registry-error.js'

declare const digestBrand: unique symbol

/**
 * A content digest `<algorithm>:<lower-case hex>` whose algorithm this registry can verify.
 * Made only by {@link parseDigest} and {@link digestOf}. OCI image-spec, descriptor.md "Digests".
 */
export type Digest = string & { readonly [digestBrand]: true }

export type DigestAlgorithm = 'sha256' | 'sha512'

/** The algorithm of content whose digest nobody has named yet. */
export const canonicalAlgorithm: DigestAlgorithm = 'sha256'

const hexLength: Record<DigestAlgorithm, number> = { sha256: 64, sha512: 128 }

/**
 * @throws RegistryError DIGEST_INVALID for another grammar, upper-case hex, or an algorithm that can't be verified here.
 */
export function parseDigest(text: string): Digest {
  const colon = text.indexOf(':')
  const algorithm = text.slice(0, Math.max(colon, 0))
  const hex = text.slice(colon + 1)
  if (!isDigestAlgorithm(algorithm)) {
    throw new RegistryError(
      'DIGEST_INVALID',
      `digest ${JSON.stringify(text.slice(0, 160))} is not sha256:<64 hex> or sha512:<128 hex>`,
    )
  }
  if (hex.length !== hexLength[algorithm] || !/^[0-9a-f]+$/.test(hex)) {
    throw new RegistryError(
      'DIGEST_INVALID',
      `digest ${JSON.stringify(text.slice(0, 160))} needs ${hexLength[algorithm]} lower-case hex digits after "${algorithm}:"`,
    )
  }
  return text as Digest
}

export function isDigestAlgorithm(text: string): text is DigestAlgorithm {
  return text === 'sha256' || text === 'sha512'
}

export function algorithmOf(digest: Digest): DigestAlgorithm {
  return digest.startsWith('sha256:') ? 'sha256' : 'sha512'
}

export function hexOf(digest: Digest): string {
  return digest.slice(digest.indexOf(':') + 1)
}

/** The digest of `bytes`, all of which are in memory: for manifests, never for blobs. */
export function digestOf(bytes: Uint8Array, algorithm: DigestAlgorithm = canonicalAlgorithm): Digest {
  return finishDigest(createHash(algorithm).update(bytes), algorithm)
}

/** Closes a running hash; the hash can't be used afterwards. */
export function finishDigest(hash: Hash, algorithm: DigestAlgorithm): Digest {
  return `${algorithm}:${hash.digest('hex')}` as Digest
}
