import type { RepositoryKey } from '@entrepot/repositories'
import type { OciRepository } from '../oci-repository.js'
import type { LocalReader } from './local-reader.js'
import type { LocalWriter } from './local-writer.js'

/** Content that was pushed here. */
export class LocalRepository implements OciRepository {
  readonly kind = 'local'
  readonly leaves: readonly RepositoryKey[]

  constructor(
    readonly key: RepositoryKey,
    readonly reader: LocalReader,
    readonly writer: LocalWriter,
  ) {
    this.leaves = [key]
  }
}
