import type { ByteRange } from '@entrepot/kernel'
import { storageErrors } from './storage-errors.js'

/**
 * Where to start reading and how many bytes, for a range or for all.
 * @throws RegistryError RANGE_NOT_SATISFIABLE when the range is not inside the blob
 */
export function resolveRange(
  range: ByteRange | undefined,
  size: number,
): { readonly start: number; readonly length: number } {
  if (range === undefined) return { start: 0, length: size }
  if (range.start < 0 || range.end < range.start || range.end >= size) {
    throw storageErrors.rangeOutside(range, size)
  }
  return { start: range.start, length: range.end - range.start + 1 }
}
