import { PathPattern } from '@entrepot/kernel'
import type { OidcMapping } from './oidc-provider.js'

export type OidcClaims = Readonly<Record<string, unknown>>

/** Why a mapping does not apply: the claim, and what the token says there. For the log. */
export interface Mismatch {
  readonly mapping: string
  readonly claim: string
  readonly value: string
}

export type MappingMatch =
  | { readonly mapping: OidcMapping }
  | { readonly mapping: undefined; readonly mismatches: readonly Mismatch[] }

/** The first mapping, in their order, of which every claim fits. */
export function matchingMapping(mappings: readonly OidcMapping[], claims: OidcClaims): MappingMatch {
  const mismatches: Mismatch[] = []
  for (const mapping of mappings) {
    const claim = Object.keys(mapping.claims).find((name) => !fits(mapping.claims[name], claims, name))
    if (claim === undefined) return { mapping }
    const value = Object.hasOwn(claims, claim) ? JSON.stringify(claims[claim]).slice(0, 160) : 'absent'
    mismatches.push({ mapping: mapping.name, claim, value })
  }
  return { mapping: undefined, mismatches }
}

/** A claim that is a list fits with any of its values; one that is absent or an object never does. */
function fits(wanted: string | readonly string[] = [], claims: OidcClaims, claim: string): boolean {
  const said = Object.hasOwn(claims, claim) ? claims[claim] : undefined
  const values = (Array.isArray(said) ? (said as readonly unknown[]) : [said]).filter(isPlain).map(String)
  const patterns = typeof wanted === 'string' ? [wanted] : wanted
  return patterns.some((pattern) => values.some((value) => fitsPattern(pattern, value)))
}

function fitsPattern(pattern: string, value: string): boolean {
  if (pattern === value) return true
  return /[*?]/.test(pattern) && new PathPattern(pattern).matches(value)
}

function isPlain(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
}
