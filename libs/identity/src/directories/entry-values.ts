import type { Entry } from 'ldapts'

/** The values of an attribute, whose name's case is the server's to choose. */
export function buffersOf(entry: Entry, attribute: string): readonly Buffer[] {
  const wanted = attribute.toLowerCase()
  return Object.entries(entry)
    .filter(([name]) => name !== 'dn' && name.toLowerCase() === wanted)
    .flatMap(([, values]) => values)
    .map((value) => (typeof value === 'string' ? Buffer.from(value) : value))
}

export function valuesOf(entry: Entry, attribute: string): readonly string[] {
  return buffersOf(entry, attribute).map((value) => value.toString('utf8'))
}
