import { RegistryError } from '@entrepot/kernel'
import type { BuildDocument } from './build-info.js'

/** Of a document as it is kept, in UTF-8. */
export const maximumBuildBytes = 16 * 1024 * 1024

/** A document as it is kept. @throws RegistryError REQUEST_INVALID when it is longer than `maximumBuildBytes` */
export function buildTextOf(document: BuildDocument): string {
  const text = JSON.stringify(document)
  const length = Buffer.byteLength(text)
  if (length <= maximumBuildBytes) return text
  throw new RegistryError(
    'REQUEST_INVALID',
    `the build has ${length} bytes, expected at most 16 MiB: publish what is more as another run`,
  )
}
