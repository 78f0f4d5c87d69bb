import type { Digest } from '@entrepot/kernel'
import type { ImageName } from '@entrepot/oci-model'
import type { ManifestBytes } from '@entrepot/oci-repository'
import type { RepositoryId } from '@entrepot/repositories'
import { Batcher } from '../batcher.js'
import type { Database, Statement } from '../database.js'

/** One manifest by digest. */
export interface ManifestKey {
  readonly repository: RepositoryId
  readonly image: ImageName
  readonly digest: Digest
}

/** What a batched statement answers of a manifest. */
export interface ManifestRow {
  readonly digest: Digest
  readonly media_type: string
  /** Null for one that is too large to be read in a batch. */
  readonly payload: Buffer | null
}

/** `m` is the manifests table. In bytes: a batch of this many times 64 still is a moderate answer. */
export const batchedPayload = 'CASE WHEN m.size <= 131072 THEN m.payload END AS payload'

const largePayload: Statement = {
  name: 'manifest-payload',
  text: 'SELECT payload FROM manifests WHERE repo_id = $1 AND image = $2 AND digest = $3',
}

/** Completes manifests whose payload was left out of a batch: one at a time, so that memory stays bounded. */
export class ManifestPayloads {
  readonly #large: Batcher<ManifestKey, Buffer | undefined>

  constructor(private readonly database: Database) {
    this.#large = new Batcher({
      load: (keys) => Promise.all(keys.map((key) => this.load(key))),
      nameOf: manifestName,
      maximumBatch: 1,
    })
  }

  /** @returns undefined when the manifest has been deleted meanwhile */
  async complete(
    repository: RepositoryId,
    image: ImageName,
    row: ManifestRow,
  ): Promise<ManifestBytes | undefined> {
    const { digest, media_type: mediaType } = row
    const bytes = row.payload ?? (await this.#large.get({ repository, image, digest }))
    return bytes === undefined ? undefined : { digest, mediaType, bytes }
  }

  private async load({ repository, image, digest }: ManifestKey): Promise<Buffer | undefined> {
    const [row] = await this.database.query<{ payload: Buffer }>(largePayload, [repository, image, digest])
    return row?.payload
  }
}

export function manifestName({ repository, image, digest }: ManifestKey): string {
  return `${repository}/${image}@${digest}`
}
