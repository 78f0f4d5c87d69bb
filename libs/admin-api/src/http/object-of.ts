import { RegistryError } from '@entrepot/kernel'

/** @param path where it is in the body, for the message. @throws RegistryError REQUEST_INVALID */
export function objectOf(value: unknown, path: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new RegistryError('REQUEST_INVALID', `${path} is not an object`)
  }
  return value as Readonly<Record<string, unknown>>
}
