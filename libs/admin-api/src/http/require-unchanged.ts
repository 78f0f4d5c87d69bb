import { RegistryError } from '@entrepot/kernel'

/**
 * What the URL names can't be renamed by the body.
 * @param given what the body says; undefined when it doesn't
 * @throws RegistryError REQUEST_INVALID
 */
export function requireUnchanged(field: 'key' | 'name', given: string | undefined, inUrl: string): void {
  if (given === undefined || given === inUrl) return
  throw new RegistryError(
    'REQUEST_INVALID',
    `${field} differs from the ${field} in the URL, and can not change`,
  )
}
