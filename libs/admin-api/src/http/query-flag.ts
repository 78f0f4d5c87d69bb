import { RegistryError } from '@entrepot/kernel'
import { type Query, queryText } from './cursor-page.js'

/** `0`, `1`, `true` or `false`. @throws RegistryError REQUEST_INVALID */
export function queryFlag(query: Query, name: string): boolean {
  const text = queryText(query, name)
  if (text === undefined || text === '0' || text === 'false') return false
  if (text === '1' || text === 'true') return true
  throw new RegistryError(
    'REQUEST_INVALID',
    `${name} is ${JSON.stringify(text.slice(0, 100))}, expected 0 or 1`,
  )
}
