import type { DirectoryIdentity } from './directories/user-directory.js'
import { foldDn } from './groups-here.js'

/** A directory's user whom the directory had no more, or who was disabled or locked there. */
export interface Withdrawal {
  readonly realm: string
  readonly dn: string
  readonly at: Date
}

/**
 * Long enough for a lock that a stranger's guesses caused and for a search base that was wrong by mistake; too short for
 * somebody else to get the name and the place in the directory of one who has left.
 */
const returnMilliseconds = 7 * 24 * 60 * 60_000

/** Whether the one whom the directory confirms now is the one whom it withdrew, and not another of that name. */
export function hasReturned(
  { realm, dn, at }: Withdrawal,
  identity: Pick<DirectoryIdentity, 'directory' | 'dn'>,
  now: Date,
): boolean {
  const isSame = realm === identity.directory && foldDn(dn) === foldDn(identity.dn)
  return isSame && now.getTime() - at.getTime() < returnMilliseconds
}
