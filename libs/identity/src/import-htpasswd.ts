import { isRegistryError, RegistryError } from '@entrepot/kernel'
import type { UserAccountStore } from './user-account-store.js'
import { internalRealm } from './user-account.js'
import { isPossibleUserName, userNameOf } from './user-name.js'
import { bcryptCostOf, maximumBcryptCost } from './verify-bcrypt.js'

export interface HtpasswdImport {
  readonly created: readonly string[]
  /** Who has the password of the file now; only with `replace`. */
  readonly replaced: readonly string[]
  readonly refused: readonly RefusedLine[]
}

export interface RefusedLine {
  /** From 1 on. */
  readonly line: number
  /** Never with what the line holds but for the user's name. */
  readonly reason: string
}

export interface HtpasswdOptions {
  /** Whether somebody who lives here already gets the password of the file; else their line is refused. */
  readonly replace?: boolean
  /**
   * The name of a new account. @throws RegistryError REQUEST_INVALID, whose message becomes the reason
   */
  readonly parseName?: (text: string) => string
}

interface Entry {
  readonly line: number
  readonly name: string
  readonly hash: string
}

/** Hashes that Apache's htpasswd and others write and that are too cheap to guess by now, or no hashes at all. */
const otherSchemes: readonly (readonly [RegExp, string])[] = [
  [/^\$apr1\$/, "Apache's MD5"],
  [/^\$1\$/, 'MD5 crypt'],
  [/^\{SHA\}/, 'SHA-1'],
  [/^\{SSHA\}/, 'salted SHA-1'],
  [/^\$5\$/, 'SHA-256 crypt'],
  [/^\$6\$/, 'SHA-512 crypt'],
  [/^\$argon2/, 'argon2'],
  [/^\$2[abxy]?\$/, 'a malformed or outdated bcrypt hash'],
]

/**
 * Makes accounts of the lines of an htpasswd file whose passwords are bcrypt hashes. The hashes are taken as they are and
 * replaced at each user's first login. What is refused is refused line by line; the other lines count.
 */
export async function importHtpasswd(
  text: string,
  accounts: UserAccountStore,
  options: HtpasswdOptions = {},
): Promise<HtpasswdImport> {
  const created: string[] = []
  const replaced: string[] = []
  const { entries, refused } = parse(text, options.parseName ?? possibleName)
  for (const entry of entries) {
    const outcome = await put(entry, accounts, options.replace === true)
    if (outcome === 'created') created.push(entry.name)
    else if (outcome === 'replaced') replaced.push(entry.name)
    else refused.push({ line: entry.line, reason: outcome.reason })
  }
  refused.sort((left, right) => left.line - right.line)
  return { created, replaced, refused }
}

function parse(
  text: string,
  parseName: (text: string) => string,
): { readonly entries: readonly Entry[]; readonly refused: RefusedLine[] } {
  const entries = new Map<string, Entry>()
  const refused: RefusedLine[] = []
  for (const [index, content] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    if (/^\s*(#|$)/.test(content)) continue
    const line = index + 1
    const entry = entryOf(content, line, parseName)
    const earlier = 'name' in entry ? entries.get(entry.name) : undefined
    if ('reason' in entry) refused.push({ line, reason: entry.reason })
    else if (earlier !== undefined) {
      refused.push({ line, reason: `${JSON.stringify(entry.name)} is in line ${earlier.line} already` })
    } else entries.set(entry.name, entry)
  }
  return { entries: [...entries.values()], refused }
}

function entryOf(
  content: string,
  line: number,
  parseName: (text: string) => string,
): Entry | { readonly reason: string } {
  const [name = '', hash] = content.trim().split(':', 2)
  if (hash === undefined) return { reason: 'it is not "name:hash"' }
  const reason = refusalOf(hash)
  if (reason !== undefined) return { reason }
  try {
    return { line, name: parseName(name), hash }
  } catch (error) {
    if (isRegistryError(error, 'REQUEST_INVALID')) return { reason: error.message }
    throw error
  }
}

function possibleName(text: string): string {
  if (isPossibleUserName(text)) return userNameOf(text)
  throw new RegistryError(
    'REQUEST_INVALID',
    'the user name is empty, too long, reserved or not in one plain spelling',
  )
}

function refusalOf(hash: string): string | undefined {
  const cost = bcryptCostOf(hash)
  if (cost === undefined) {
    const scheme =
      otherSchemes.find(([pattern]) => pattern.test(hash))?.[1] ?? 'crypt, a plain password or unknown'
    return `the password is not a bcrypt hash ($2y$, $2a$ or $2b$) but ${scheme}: write it with htpasswd -B`
  }
  if (cost <= maximumBcryptCost) return undefined
  return `the bcrypt hash has cost ${cost}, expected at most ${maximumBcryptCost}: write it with htpasswd -B -C 10`
}

async function put(
  { name, hash: passwordHash }: Entry,
  accounts: UserAccountStore,
  replace: boolean,
): Promise<'created' | 'replaced' | { readonly reason: string }> {
  try {
    await accounts.create({ name, passwordHash })
    return 'created'
  } catch (error) {
    if (!isRegistryError(error, 'CONFLICT')) throw error
  }
  const taken = `there is a user ${JSON.stringify(name)} already`
  if (!replace) return { reason: taken }
  const known = await accounts.find(name)
  if (known?.realm !== internalRealm || known.kind === 'robot') {
    return { reason: `${taken}, who has no password of this registry` }
  }
  await accounts.update(name, { passwordHash })
  return 'replaced'
}
