import type { RepositoryKey } from '@entrepot/repositories'
import type { OciReader, OciRepository } from '../oci-repository.js'
import type { LocalWriter } from './local-writer.js'

/** Content that was pushed here. */
export class LocalRepository implements OciRepository {
  readonly kind = 'local'
  readonly leaves: readonly RepositoryKey[]
  readonly stored: OciReader

  constructor(
    readonly key: RepositoryKey,
    readonly reader: OciReader,
    readonly writer: LocalWriter,
  ) {
    this.leaves = [key]
    this.stored = reader
  }
}
