import type { UserKind } from '@entrepot/identity'
import { RegistryError } from '@entrepot/kernel'

/** @returns the settings without their kind @throws RegistryError REQUEST_INVALID when they would change it */
export function withFixedKind<T extends { readonly kind?: UserKind }>(
  { kind, ...changes }: T,
  current: UserKind,
): Omit<T, 'kind'> {
  if (kind === undefined || kind === current) return changes
  throw new RegistryError(
    'REQUEST_INVALID',
    `kind is "${current}" and stays so: delete the user and create it anew`,
  )
}
