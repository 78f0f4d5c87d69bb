import type { BuildField, ItemField } from './aql-fields.js'

export const comparisons = ['$eq', '$ne', '$match', '$nmatch', '$gt', '$gte', '$lt', '$lte'] as const

export type Comparison = (typeof comparisons)[number]

/** Text, a whole number, or a moment; null is "there is none". */
export type AqlValue = string | number | Date | null

/** Which build an artifact or a dependency of this content is listed by. */
export interface BuildReference {
  readonly role: 'artifact' | 'dependency'
  readonly field: 'name' | 'number'
}

/** What is compared. A property is meant by its key; `*` in it stands for any characters. */
export type AqlSubject<F> =
  | { readonly kind: 'field'; readonly field: F }
  | { readonly kind: 'property'; readonly key: string }
  /** `property.key` and `property.value`: of one and the same property inside of `$msp`. */
  | { readonly kind: 'property-part'; readonly part: 'key' | 'value' }
  | ({ readonly kind: 'build' } & BuildReference)

export interface AqlComparison<F> {
  readonly kind: 'comparison'
  readonly subject: AqlSubject<F>
  readonly comparison: Comparison
  readonly value: AqlValue
}

/** `same-property` is AQL's `$msp`: all of it is true of one property. */
export interface AqlGroup<F> {
  readonly kind: 'and' | 'or' | 'same-property'
  readonly of: readonly AqlCriterion<F>[]
}

export type AqlCriterion<F> = AqlComparison<F> | AqlGroup<F>

export interface AqlSort<F> {
  readonly direction: 'asc' | 'desc'
  readonly fields: readonly F[]
}

/** What an answer shows of each. */
export interface AqlInclude<F> {
  readonly fields: readonly F[]
  /** Keys of properties, `*` for all of them. */
  readonly properties: readonly string[]
}

interface Find<D, F> {
  readonly domain: D
  readonly where: AqlGroup<F>
  readonly include: AqlInclude<F>
  readonly sort: AqlSort<F> | undefined
  readonly offset: number
  /** Undefined: all there are. */
  readonly limit: number | undefined
}

export type ItemQuery = Find<'items', ItemField>
export type BuildQuery = Find<'builds', BuildField>
export type AqlQuery = ItemQuery | BuildQuery

/** Of a comparison of text: that text; empty where there is none. */
export function textOf(value: AqlValue): string {
  return typeof value === 'string' ? value : ''
}
