import { RegistryError } from '@entrepot/kernel'
import type { OciReader, OciRepository } from '@entrepot/oci-repository'
import type { RepositoryKey } from '@entrepot/repositories'

const absentReader: OciReader = {
  manifest: () => Promise.resolve(undefined),
  blob: () => Promise.resolve(undefined),
  storedBlob: () => Promise.resolve(undefined),
  holdsImage: () => Promise.resolve(false),
  tags: () =>
    Promise.reject(new RegistryError('NAME_UNKNOWN', 'the repository name is not known to the registry')),
  // Never 404: distribution-spec "Listing Referrers" (protocol check list 163).
  referrers: () => Promise.resolve({ items: [], more: false, warnings: [] }),
  images: () => Promise.resolve({ items: [], more: false, warnings: [] }),
}

/**
 * Stands in for a repository that nobody has configured, so that a caller without rights can't tell it from one that is
 * closed to them, and one with rights is told the absence that fits what they asked for.
 */
export function absentRepository(key: string): OciRepository {
  return {
    key: key as RepositoryKey,
    kind: 'virtual',
    reader: absentReader,
    stored: absentReader,
    writer: undefined,
    leaves: [],
  }
}

export function isAbsent(repository: OciRepository): boolean {
  return repository.reader === absentReader
}
