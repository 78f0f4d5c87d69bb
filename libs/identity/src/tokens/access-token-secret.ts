import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import type { RandomSource } from '../random-source.js'

/** What is shown to the bearer of an access token: the token itself, and what it is renewed with. */
export type SecretKind = 'access' | 'refresh'

const prefixes: Readonly<Record<SecretKind, string>> = { access: 'ept_', refresh: 'epr_' }

const form = /^(ept|epr)_[A-Za-z0-9_-]{49}$/

/**
 * A prefix, 256 random bits and a checksum: `ept_` + 43 characters of base64url + 6 of the CRC-32 of all before it. So a
 * scanner of leaked secrets knows one without asking, and a text that only looks like one costs no look-up.
 */
export function newSecret(kind: SecretKind, random: RandomSource): string {
  const text = prefixes[kind] + random(32).toString('base64url')
  return text + checksumOf(text)
}

export function isSecret(kind: SecretKind, text: string): boolean {
  return (
    form.test(text) && text.startsWith(prefixes[kind]) && checksumOf(text.slice(0, -6)) === text.slice(-6)
  )
}

/** 256 random bits can't be guessed, so they need no slow hash. */
export function hashOfSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}

function checksumOf(text: string): string {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(crc32(text))
  return bytes.toString('base64url')
}
