import { type ByteRange, type Digest, RegistryError } from '@entrepot/kernel'

/** What every driver says in the same words. */
export const storageErrors = {
  uploadUnknown: (id: string): RegistryError =>
    new RegistryError('BLOB_UPLOAD_UNKNOWN', `upload ${id} has ended or never was: start a new one`),

  wrongDigest: (expected: Digest, actual: Digest): RegistryError =>
    new RegistryError('DIGEST_INVALID', `the content received has digest ${actual}, expected ${expected}`, {
      detail: { expected, actual },
    }),

  /** The client learns that the store is full, the log also where it lies. */
  full: (place: string, cause?: unknown): RegistryError =>
    new RegistryError('STORAGE_FULL', 'no space is left in the blob store: its operator has to free some', {
      cause: new Error(`no space is left in ${place}`, { cause }),
    }),

  rangeOutside: (range: ByteRange, size: number): RegistryError =>
    new RegistryError(
      'RANGE_NOT_SATISFIABLE',
      `bytes ${range.start}-${range.end} are not inside the blob, which has ${size}`,
    ),
}
