import { RegistryError } from '@entrepot/kernel'
import type { Page } from '@entrepot/kernel'

const maximumLimit = 1000

export type Query = Readonly<Record<string, unknown>>

/**
 * `limit` (1 to 1000, which is also the default) and `cursor`, the last name of the page before, of the lists under
 * `/access/api/v2`.
 * @throws RegistryError REQUEST_INVALID
 */
export function cursorPage(query: Query): Page {
  const text = queryText(query, 'limit')
  const limit = text === undefined ? maximumLimit : Number(text)
  if (!Number.isInteger(limit) || limit < 1) {
    throw new RegistryError(
      'REQUEST_INVALID',
      `limit is ${JSON.stringify((text ?? '').slice(0, 100))}, expected a whole number from 1`,
    )
  }
  return { limit: Math.min(limit, maximumLimit), after: queryText(query, 'cursor') }
}

/** Where the next page begins, for the answer's body; nothing on the last page. */
export function nextCursor(
  more: boolean,
  last: string | undefined,
): { readonly cursor?: string | undefined } {
  return more ? { cursor: last } : {}
}

/**
 * @returns undefined for an absent or empty parameter
 * @throws RegistryError REQUEST_INVALID when it is given more than once
 */
export function queryText(query: Query, name: string): string | undefined {
  const value = Object.hasOwn(query, name) ? query[name] : ''
  if (typeof value !== 'string') {
    throw new RegistryError('REQUEST_INVALID', `${name} is given more than once, expected one value`)
  }
  return value === '' ? undefined : value
}
