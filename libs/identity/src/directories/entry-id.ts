import type { Entry } from 'ldapts'
import { buffersOf } from './entry-values.js'

/** Active Directory's, in its own order of bytes (MS-DTYP 2.3.4.2). */
const objectGuid = 'objectGUID'

/**
 * What servers give an entry for good: Active Directory, 389 Directory Server, OpenLDAP (RFC 4530), FreeIPA. The order
 * decides where a server shows several, and the last is an attribute that a backup brings back.
 */
export const entryIdAttributes = [objectGuid, 'nsUniqueId', 'entryUUID', 'ipaUniqueID'] as const

/** Values that are no text. */
export const binaryAttributes = [objectGuid] as const

const guidBytes = 16
const longestId = 256

/** @returns `kind:value`, as in `entryuuid:597ae2f6-16a6-1027-98f4-d28b5365dc14`; undefined when the server shows none */
export function entryIdOf(entry: Entry): string | undefined {
  for (const attribute of entryIdAttributes) {
    const [value, ...more] = buffersOf(entry, attribute)
    if (value === undefined || more.length > 0) continue
    const text = attribute === objectGuid ? guidText(value) : value.toString('utf8').toLowerCase()
    if (text !== undefined && text !== '' && text.length <= longestId && !text.includes('\0')) {
      return `${attribute.toLowerCase()}:${text}`
    }
  }
  return undefined
}

function guidText(bytes: Buffer): string | undefined {
  if (bytes.length !== guidBytes) return undefined
  const [first, second, third] = [
    bytes.subarray(0, 4).toReversed(),
    bytes.subarray(4, 6).toReversed(),
    bytes.subarray(6, 8).toReversed(),
  ].map((part) => Buffer.from(part).toString('hex'))
  return `${first}-${second}-${third}-${bytes.toString('hex', 8, 10)}-${bytes.toString('hex', 10)}`
}
