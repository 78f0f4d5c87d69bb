import { EqualityFilter, type Filter, FilterParser } from 'ldapts'

/**
 * A value for a filter (RFC 4515 section 3): every ASCII character that is neither letter nor digit becomes `\xx`, more
 * than the RFC asks for, so that no replacement pattern or template has a meaning in it either.
 */
export function escapeFilterValue(text: string): string {
  // eslint-disable-next-line no-control-regex -- the control characters are what is escaped
  return text.replaceAll(/[\x00-\x2f\x3a-\x40\x5b-\x60\x7b-\x7f]/g, hexOf)
}

/** A value for a distinguished name (RFC 4514 section 2.4), escaped likewise. */
export function escapeDnValue(text: string): string {
  return escapeFilterValue(text)
}

/** Puts the escaped name wherever the template says `{0}`. */
export function fillTemplate(template: string, escaped: string): string {
  return template.split('{0}').join(escaped)
}

/** `ou=people` under `dc=example,dc=com`; a DN that ends with the base already stays as it is. */
export function underBase(relative: string, base: string): string {
  const trimmed = relative.trim()
  if (trimmed === '' || base === '') return trimmed === '' ? base : trimmed
  return isWithin(trimmed, base) ? trimmed : `${trimmed},${base}`
}

/** Whether the DN is the base or lies below it, by text, with no regard to case and to blanks after commas. */
export function isWithin(dn: string, base: string): boolean {
  const [inner, outer] = [rdnsOf(dn), rdnsOf(base)].map((rdns) => rdns.map(comparable))
  if (inner === undefined || outer === undefined || inner.length < outer.length) return false
  return outer.every((rdn, index) => rdn === inner[inner.length - outer.length + index])
}

/** Tells apart what is the same to a server only in escapes; good enough to find cycles and doubles. */
export function comparableDn(dn: string): string {
  return comparable(rdnsOf(dn).join(','))
}

/** The parts of a DN, from the entry up, with their escapes. */
export function rdnsOf(dn: string): readonly string[] {
  return (dn.match(/(?:\\.|[^,\\])+/gs) ?? []).map((rdn) => rdn.trim().replace(/\s*=\s*/, '='))
}

/** `['cn', 'Doe, John']` of `cn=Doe\, John`; of a part with several values the first. */
export function typeAndValueOf(rdn: string): readonly [string, string] {
  const [first = ''] = rdn.match(/(?:\\.|[^+\\])+/s) ?? []
  const equals = first.indexOf('=')
  return [first.slice(0, equals).trim(), unescapeDnValue(first.slice(equals + 1).trim())]
}

export function isDn(text: string): boolean {
  const rdns = rdnsOf(text)
  return (
    rdns.length > 0 && rdns.every((rdn) => /^[A-Za-z0-9.-]+=./s.test(rdn)) && !/^,|,\s*$|,\s*,/.test(text)
  )
}

/** @throws Error with the reason */
export function parseFilter(text: string): Filter {
  // The parser takes what is not closed. A parenthesis that is a value is written as an escape.
  if (text.split('(').length !== text.split(')').length) throw new Error('the parentheses are not balanced')
  return FilterParser.parseString(text)
}

/** The attributes that the filter compares with the name, each with its template, such as `userPrincipalName`, `{0}@corp`. */
export function comparedWithName(template: string): readonly { attribute: string; template: string }[] {
  const found: { attribute: string; template: string }[] = []
  const visit = (filter: Filter): void => {
    if (filter instanceof EqualityFilter && filter.value.toString().includes('{0}'))
      found.push({ attribute: filter.attribute, template: filter.value.toString() })
    const { filters } = filter as { readonly filters?: readonly Filter[] }
    for (const inner of filters ?? []) visit(inner)
  }
  visit(parseFilter(template))
  return found
}

function unescapeDnValue(text: string): string {
  const bytes: number[] = []
  for (let index = 0; index < text.length;) {
    const hex = /^\\([0-9a-fA-F]{2})/.exec(text.slice(index, index + 3))
    if (hex !== null) {
      bytes.push(Number.parseInt(hex[1] ?? '', 16))
      index += 3
      continue
    }
    if (text[index] === '\\') index += 1
    const character = String.fromCodePoint(text.codePointAt(index) ?? 0)
    bytes.push(...Buffer.from(character))
    index += character.length
  }
  return Buffer.from(bytes).toString('utf8')
}

function comparable(text: string): string {
  return text.normalize('NFC').toLowerCase()
}

function hexOf(character: string): string {
  return `\\${character.charCodeAt(0).toString(16).padStart(2, '0')}`
}
