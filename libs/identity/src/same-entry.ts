import type { DirectoryIdentity } from './directories/user-directory.js'
import { foldDn } from './groups-here.js'

/** What is known of the entry that an account stands for, from when its directory last confirmed it. */
export interface KnownEntry {
  readonly realm: string
  readonly dn: string
  readonly uniqueId: string | undefined
  readonly confirmedAt: Date
}

/**
 * How long a DN alone stands for somebody: long enough for a weekend and for a lock that a stranger's guesses caused, too
 * short for somebody else to get the name and the place in the directory of one who has left.
 */
const dnMilliseconds = 7 * 24 * 60 * 60_000

/**
 * Whether the one whom the directory confirms now is the one whom the account stands for, and not another of that name:
 * by the ids that the server gave to their entries, or, where it does not show both, by a DN confirmed lately.
 */
export function isSameEntry(
  known: KnownEntry,
  identity: Pick<DirectoryIdentity, 'directory' | 'dn' | 'uniqueId'>,
  now: Date,
): boolean {
  if (known.realm !== identity.directory) return false
  if (areComparable(known.uniqueId, identity.uniqueId)) return known.uniqueId === identity.uniqueId
  const isSamePlace = foldDn(known.dn) === foldDn(identity.dn)
  return isSamePlace && now.getTime() - known.confirmedAt.getTime() < dnMilliseconds
}

/** A server that learns another kind of id, as 389 Directory Server did, makes nobody new by that. */
function areComparable(left: string | undefined, right: string | undefined): boolean {
  return left !== undefined && right !== undefined && kindOf(left) === kindOf(right)
}

function kindOf(uniqueId: string): string {
  return uniqueId.slice(0, uniqueId.indexOf(':'))
}
