import { RegistryError } from '@entrepot/kernel'
import { type Query, queryText } from './cursor-page.js'

/** @throws RegistryError REQUEST_INVALID when it is absent, empty or given more than once */
export function requiredText(query: Query, name: string): string {
  const text = queryText(query, name)
  if (text === undefined) throw new RegistryError('REQUEST_INVALID', `${name} is missing`)
  return text
}
