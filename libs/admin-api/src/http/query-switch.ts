import { RegistryError } from '@entrepot/kernel'
import { type Query, queryText } from './cursor-page.js'

/** A switch, off where it is absent: clients write 1 and 0, and true and false as their language has them. */
export function isOn(query: Query, name: string): boolean {
  const text = queryText(query, name)
  const value = text === undefined ? false : flagOf(text)
  if (value !== undefined) return value
  throw new RegistryError(
    'REQUEST_INVALID',
    `${name} is ${JSON.stringify((text ?? '').slice(0, 100))}, expected 1 or 0`,
  )
}

/** @returns undefined for text that is no flag */
export function flagOf(text: string): boolean | undefined {
  const lower = text.toLowerCase()
  if (lower === '1' || lower === 'true') return true
  return lower === '0' || lower === 'false' ? false : undefined
}
