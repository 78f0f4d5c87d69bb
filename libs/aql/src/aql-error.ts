import { RegistryError } from '@entrepot/kernel'

const shownLength = 40

/** The 400 for a query: where it went wrong, what stands there, and what was expected. */
export function aqlError(text: string, at: number, expected: string): RegistryError {
  const before = text.slice(0, at)
  const line = before.split('\n').length
  const column = at - before.lastIndexOf('\n')
  const rest = text.slice(at, at + shownLength)
  const found = rest === '' ? 'the query ends' : `found ${JSON.stringify(rest.toWellFormed())}`
  return new RegistryError(
    'REQUEST_INVALID',
    `AQL, line ${line} column ${column}: ${found}, expected ${expected}`,
  )
}
