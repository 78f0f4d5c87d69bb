/** One challenge of a `WWW-Authenticate` field. Scheme and parameter names are in lower case. */
export interface Challenge {
  readonly scheme: string
  readonly parameters: ReadonlyMap<string, string>
}

const token = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y
const parameterValue = /[ \t]*=[ \t]*(?:"((?:[^"\\]|\\[^])*)"|([!#$%&'*+\-.^_`|~0-9A-Za-z]+))/y
const token68 = /[A-Za-z0-9\-._~+/]+=*(?=[ \t]*(?:,|$))/y
const blanks = /[ \t]*/y
const separators = /[ \t,]*/y

/**
 * Reads `WWW-Authenticate` (RFC 9110 11.6.1): several challenges in one field, parameters in any order, quoted strings
 * with escapes. Reading stops at what is no challenge; those before it count. The first of equal parameters wins.
 */
export function parseChallenges(header: string): readonly Challenge[] {
  const challenges: { readonly scheme: string; readonly parameters: Map<string, string> }[] = []
  let position = 0
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = position
    const match = pattern.exec(header)
    if (match !== null) position = pattern.lastIndex
    return match
  }
  take(separators)
  while (position < header.length) {
    const name = take(token)?.[0].toLowerCase()
    if (name === undefined) break
    const current = challenges.at(-1)
    const value = current === undefined ? null : take(parameterValue)
    if (current !== undefined && value !== null) {
      const text = value[1]?.replaceAll(/\\([^])/g, '$1') ?? value[2] ?? ''
      if (!current.parameters.has(name)) current.parameters.set(name, text)
    } else {
      challenges.push({ scheme: name, parameters: new Map() })
      take(blanks)
      take(token68)
    }
    take(separators)
  }
  return challenges
}
