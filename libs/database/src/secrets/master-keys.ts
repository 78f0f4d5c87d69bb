import { createHmac, hkdfSync, randomBytes } from 'node:crypto'

const keyBytes = 32

/** A key that seals secrets. Its id may be seen by everybody. */
export interface MasterKey {
  /** Eight hexadecimal digits. */
  readonly id: string
  /** For AES-256. */
  readonly sealing: Buffer
}

/** The first seals, each opens. */
export type MasterKeys = readonly [MasterKey, ...MasterKey[]]

/**
 * @param text keys of 32 bytes in base64 or hexadecimal digits, with commas or white space between them, the one that seals
 *   first
 * @returns undefined for anything else
 */
export function parseMasterKeys(text: string): MasterKeys | undefined {
  const parts = text.split(/[\s,]+/).filter((part) => part !== '')
  const keys = parts.map(parseKey).filter((key) => key !== undefined)
  const [first, ...rest] = keys
  return first === undefined || keys.length !== parts.length ? undefined : [first, ...rest]
}

/** As `parseMasterKeys` takes it. */
export function generateMasterKey(): string {
  return randomBytes(keyBytes).toString('base64')
}

function parseKey(text: string): MasterKey | undefined {
  const isHex = /^[0-9a-f]{64}$/i.test(text)
  if (!isHex && !/^[A-Za-z0-9+/_-]{43}=?$/.test(text)) return undefined
  const key = Buffer.from(text, isHex ? 'hex' : 'base64')
  return {
    id: createHmac('sha256', key).update('entrepot key id').digest('hex').slice(0, 8),
    sealing: Buffer.from(hkdfSync('sha256', key, '', 'entrepot sealed secrets 1', keyBytes)),
  }
}
