import { storageErrors } from '../../storage-errors.js'

export function isAbsent(error: unknown): boolean {
  return codeOf(error) === 'ENOENT'
}

/** A full disk or quota told as STORAGE_FULL, with the folder in its cause; any other error as it is. */
export function asStorageError(error: unknown, folder: string): unknown {
  const code = codeOf(error)
  return code === 'ENOSPC' || code === 'EDQUOT' ? storageErrors.full(folder, error) : error
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
