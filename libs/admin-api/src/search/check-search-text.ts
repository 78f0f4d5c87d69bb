import { RegistryError } from '@entrepot/kernel'
import { maximumKeyLength, maximumValueLength } from '@entrepot/oci-repository'

/** @throws RegistryError REQUEST_INVALID for what nothing can be called, and the database does not take */
export function checkSearchText(name: string, text: string): void {
  const shown = JSON.stringify(name.toWellFormed().slice(0, 100))
  if (text.length > maximumKeyLength + maximumValueLength + 1) {
    throw new RegistryError('REQUEST_INVALID', `${shown} is ${text.length} characters long: nothing is`)
  }
  if (text.includes('\0') || !text.isWellFormed()) {
    throw new RegistryError('REQUEST_INVALID', `${shown} has NUL or broken Unicode in it`)
  }
}
