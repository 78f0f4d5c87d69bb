import { anonymous } from '@entrepot/kernel'

/** In UTF-16 code units. */
const maximumLength = 255

/** Names are compared without regard to case, as directories do it. */
export function userNameOf(text: string): string {
  return text.normalize('NFC').toLowerCase()
}

/**
 * Whether a text that somebody typed at a login could be a name; anything else is nobody's. One spelling only: a
 * directory compares prepared strings (RFC 4518: compatibility forms folded, invisible characters and needless spaces
 * dropped), so that each other spelling would be one more account, with its own count of failures, for the same person.
 * Nobody is called as those are who have not logged in.
 */
export function isPossibleUserName(text: string): boolean {
  return (
    text !== '' &&
    text.length <= maximumLength &&
    !/\p{C}|^\s|\s$|\s\s/u.test(text) &&
    text.normalize('NFKC') === text &&
    userNameOf(text) !== anonymous.name
  )
}
