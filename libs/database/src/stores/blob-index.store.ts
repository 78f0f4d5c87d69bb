import { type Digest, RegistryError } from '@entrepot/kernel'
import type { ImageName } from '@entrepot/oci-model'
import { type BlobHolder, type BlobIndex, maximumHolders } from '@entrepot/oci-repository'
import type { RepositoryId } from '@entrepot/repositories'
import { Batcher } from '../batcher.js'
import { violates } from '../database-error.js'
import type { Database, Statement } from '../database.js'
import * as sql from './blob-index.sql.js'
import { inOrder } from './in-order.js'

/** As the port has it: what a blob store is, is not known here. */
type StoredBlob = Parameters<BlobIndex['link']>[2]
type StorageKey = StoredBlob['key']

interface BlobKey {
  readonly repository: RepositoryId
  readonly image: ImageName
  readonly digest: Digest
}

interface BlobRow {
  readonly digest: Digest
  /** A bigint, which `pg` gives as text. */
  readonly size: string
  readonly storage_key: StorageKey
}

/** Somebody else may be adding the same digest: their row shows in the statement after the one that waited for it. */
const maximumAttempts = 5

export class PostgresBlobIndex implements BlobIndex {
  readonly #links: Batcher<BlobKey, StoredBlob | undefined>

  constructor(private readonly database: Database) {
    this.#links = new Batcher({
      load: (keys) => this.load(keys),
      nameOf: ({ repository, image, digest }) => `${repository}/${image}@${digest}`,
    })
  }

  find(repository: RepositoryId, image: ImageName, digest: Digest): Promise<StoredBlob | undefined> {
    return this.#links.get({ repository, image, digest })
  }

  async findAll(
    repository: RepositoryId,
    image: ImageName,
    digests: readonly Digest[],
  ): Promise<readonly StoredBlob[]> {
    const rows = await this.database.query<BlobRow>(sql.linkedBlobs, [repository, image, digests])
    return rows.map(storedBlobOf)
  }

  async findAnywhere(digest: Digest): Promise<StoredBlob | undefined> {
    const [row] = await this.database.query<BlobRow>(sql.anyBlob, [digest])
    return row === undefined ? undefined : storedBlobOf(row)
  }

  /** @throws RegistryError NAME_UNKNOWN when the repository has been deleted */
  async link(repository: RepositoryId, image: ImageName, blob: StoredBlob): Promise<StoredBlob> {
    for (let attempt = 1; attempt <= maximumAttempts; attempt += 1) {
      const stored = await this.linked(sql.link, [repository, image, blob.digest, blob.size, blob.key])
      if (stored !== undefined) return stored
    }
    throw new RegistryError('UNAVAILABLE', `blob ${blob.digest} is being added and removed all the time`, {
      retryAfterSeconds: 1,
    })
  }

  /** @throws RegistryError NAME_UNKNOWN when the repository has been deleted */
  async adopt(repository: RepositoryId, image: ImageName, digest: Digest): Promise<StoredBlob | undefined> {
    return this.linked(sql.adopt, [repository, image, digest])
  }

  /** @throws RegistryError NAME_UNKNOWN when the repository has been deleted */
  async adoptListed(
    repository: RepositoryId,
    image: ImageName,
    digest: Digest,
  ): Promise<StoredBlob | undefined> {
    return this.linked(sql.adoptListed, [repository, image, digest])
  }

  async replaceKey(digest: Digest, lost: StorageKey, found: StorageKey): Promise<void> {
    await this.database.query(sql.replaceKey, [digest, lost, found])
  }

  async unlink(repository: RepositoryId, image: ImageName, digest: Digest): Promise<boolean> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const [row] = await this.database.query<UnlinkRow>(sql.unlink, [repository, image, digest])
        if (typeof row?.needed_by === 'string') throw stillNeeded(digest, row.needed_by)
        return row?.gone === true
      } catch (error) {
        // A manifest that needs the blob came between the look and the commit: the next look names it.
        if (!violates(error, 'manifest_blobs_blob') || attempt === maximumAttempts) throw error
      }
    }
  }

  holders(digest: Digest): Promise<readonly BlobHolder[]> {
    return this.database.query<BlobHolder>(sql.holders, [digest, maximumHolders])
  }

  private async linked(statement: Statement, values: readonly unknown[]): Promise<StoredBlob | undefined> {
    try {
      const [row] = await this.database.query<BlobRow>(statement, values)
      return row === undefined ? undefined : storedBlobOf(row)
    } catch (error) {
      if (!violates(error, 'repo_blobs_repo_id_fkey')) throw error
      throw new RegistryError('NAME_UNKNOWN', 'the repository was deleted during the upload', {
        cause: error,
      })
    }
  }

  private async load(keys: readonly BlobKey[]): Promise<readonly (StoredBlob | undefined)[]> {
    const rows = await this.database.query<BlobRow & { readonly position: number }>(sql.linkedBlobBatch, [
      keys.map(({ repository }) => repository),
      keys.map(({ image }) => image),
      keys.map(({ digest }) => digest),
    ])
    return inOrder(rows, keys.length).map((row) => (row === undefined ? undefined : storedBlobOf(row)))
  }
}

function storedBlobOf(row: BlobRow): StoredBlob {
  return { key: row.storage_key, digest: row.digest, size: Number(row.size) }
}

function stillNeeded(digest: Digest, manifest: string): RegistryError {
  return new RegistryError(
    'DENIED',
    `blob ${digest} is needed by manifest ${manifest}: delete the manifest first`,
    { detail: { digest, manifest } },
  )
}

interface UnlinkRow {
  readonly gone: boolean
  readonly needed_by: string | null
}
