import type { RepositoryKey } from '@entrepot/repositories'
import type { OciRepository } from '../oci-repository.js'
import type { VirtualReader } from './virtual-reader.js'
import type { VirtualWriter } from './virtual-writer.js'

/** An ordered list of repositories behind one endpoint. */
export class VirtualRepository implements OciRepository {
  readonly kind = 'virtual'

  constructor(
    readonly key: RepositoryKey,
    readonly leaves: readonly RepositoryKey[],
    readonly reader: VirtualReader,
    readonly stored: VirtualReader,
    readonly writer: VirtualWriter | undefined,
  ) {}
}
