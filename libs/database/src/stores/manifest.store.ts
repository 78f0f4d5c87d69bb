import { type Digest, type Page, RegistryError } from '@entrepot/kernel'
import type { Annotations, Descriptor, ImageName, Tag } from '@entrepot/oci-model'
import {
  type ManifestBytes,
  type ManifestStore,
  maximumReach,
  searchable,
  type NewManifest,
  type MovedTag,
  type PutOutcome,
} from '@entrepot/oci-repository'
import type { RepositoryId } from '@entrepot/repositories'
import { violates } from '../database-error.js'
import type { Database, Queryable } from '../database.js'
import { ManifestLookup } from './manifest-lookup.js'
import * as sql from './manifest.sql.js'
import { overwritten } from './overwritten.sql.js'
import { clearGoneImageProperties, lockImageProperties } from './property.sql.js'
import { tagsReaching } from './tags-reaching.sql.js'

/** A blob can be linked between a push that missed it and the question which one was missing; not that often. */
const maximumPutAttempts = 5

export class PostgresManifestStore implements ManifestStore {
  readonly #lookup: ManifestLookup

  constructor(private readonly database: Database) {
    this.#lookup = new ManifestLookup(database)
  }

  findByTag(repository: RepositoryId, image: ImageName, tag: Tag): Promise<ManifestBytes | undefined> {
    return this.#lookup.byTag(repository, image, tag)
  }

  findByDigest(
    repository: RepositoryId,
    image: ImageName,
    digest: Digest,
  ): Promise<ManifestBytes | undefined> {
    return this.#lookup.byDigest(repository, image, digest)
  }

  /** @throws RegistryError NAME_UNKNOWN when the repository has been deleted */
  async put(
    repository: RepositoryId,
    image: ImageName,
    manifest: NewManifest,
    tags: readonly Tag[],
    actor: string,
    fixed: readonly Tag[] = [],
  ): Promise<PutOutcome> {
    const values = valuesOf(repository, image, manifest, tags, actor, fixed)
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await (fixed.length === 0 ? this.putOnce(values) : this.putUnlessTaken(values, fixed))
      } catch (error) {
        if (!violates(error, 'manifest_blobs_blob')) throw error
        await this.refuseMissingBlobs(repository, image, manifest.blobs)
        if (attempt === maximumPutAttempts) throw error
      }
    }
  }

  async listingForeign(
    repository: RepositoryId,
    image: ImageName,
    blob: Digest,
  ): Promise<readonly ManifestBytes[]> {
    const rows = await this.database.query<{ digest: Digest; media_type: string; payload: Buffer }>(
      sql.listingForeign,
      [repository, image, blob],
    )
    return rows.map(({ digest, media_type: mediaType, payload }) => ({ digest, mediaType, bytes: payload }))
  }

  async tagMovedAt(repository: RepositoryId, image: ImageName, tag: Tag): Promise<Date | undefined> {
    const [row] = await this.database.query<{ at: Date }>(sql.tagMovedAt, [repository, image, tag])
    return row?.at
  }

  async tagsReaching(repository: RepositoryId, image: ImageName, digest: Digest): Promise<readonly Tag[]> {
    const values = [repository, image, digest, maximumReach]
    const rows = await this.database.query<{ name: Tag }>(tagsReaching, values)
    return rows.map(({ name }) => name)
  }

  async deleteTag(
    repository: RepositoryId,
    image: ImageName,
    tag: Tag,
    actor: string,
  ): Promise<Digest | undefined> {
    const values = [repository, image, tag, actor]
    const [deleted] = await this.database.query<{ digest: Digest }>(sql.deleteTag, values)
    return deleted?.digest
  }

  async deleteOldTags(
    repository: RepositoryId,
    image: ImageName,
    keep: number,
    actor: string,
    spared: readonly Tag[] = [],
  ): Promise<readonly MovedTag[]> {
    const values = [repository, image, keep, actor, spared]
    const rows = await this.database.query<{ name: Tag; digest: Digest }>(sql.deleteOldTags, values)
    return rows.map(({ name, digest }) => ({ tag: name, from: digest }))
  }

  async deleteOverwritten(
    repository: RepositoryId,
    image: ImageName,
    tags: readonly Tag[],
    keep: number,
  ): Promise<readonly Digest[]> {
    const values = [repository, image, tags, keep]
    // Without a lock first: most pushes find nothing.
    const found = await this.database.query<{ digest: Digest }>(overwritten, values)
    if (found.length === 0) return []
    return this.database.transaction(async (transaction) => {
      const digests = found.map(({ digest }) => digest)
      await transaction.query(sql.lockManifests, [repository, image, digests])
      const still = await transaction.query<{ digest: Digest }>(overwritten, values)
      const gone = still.map(({ digest }) => digest).filter((digest) => digests.includes(digest))
      if (gone.length > 0)
        await transaction.query(sql.deleteManifests, [repository, image, gone, 'dockerTagRetention'])
      return gone
    })
  }

  deleteManifest(
    repository: RepositoryId,
    image: ImageName,
    digest: Digest,
    actor: string,
    check?: (tags: readonly Tag[]) => void,
  ): Promise<readonly Tag[] | undefined> {
    return this.database.transaction(async (transaction) => {
      const key = [repository, image, digest]
      const locked = await transaction.query(sql.lockManifest, key)
      if (locked.length === 0) return undefined
      const rows = await transaction.query<{ name: Tag }>(sql.tagsAt, key)
      const tags = rows.map(({ name }) => name)
      check?.(tags)
      await transaction.query(sql.deleteManifest, [...key, actor])
      await clearGoneImage(transaction, repository, image)
      return tags
    })
  }

  deleteImage(
    repository: RepositoryId,
    image: ImageName,
    actor: string,
    check?: (tags: readonly Tag[]) => void,
  ): Promise<readonly Tag[] | undefined> {
    return this.database.transaction(async (transaction) => {
      const locked = await transaction.query<{ digest: Digest }>(sql.lockImage, [repository, image])
      if (locked.length === 0) return undefined
      const key = [repository, image, locked.map(({ digest }) => digest)]
      const rows = await transaction.query<{ name: Tag }>(sql.tagsOfManifests, key)
      const tags = rows.map(({ name }) => name)
      check?.(tags)
      await transaction.query(sql.deleteManifests, [...key, actor])
      await clearGoneImage(transaction, repository, image)
      return tags
    })
  }

  async hasImage(repository: RepositoryId, image: ImageName): Promise<boolean> {
    const rows = await this.database.query(sql.hasImage, [repository, image])
    return rows.length > 0
  }

  async tags(repository: RepositoryId, image: ImageName, page: Page): Promise<readonly Tag[]> {
    const rows = await this.database.query<{ name: Tag }>(sql.tags, [repository, image, ...bounds(page)])
    return rows.map(({ name }) => name)
  }

  async firstTags(
    repository: RepositoryId,
    images: readonly ImageName[],
    limit: number,
  ): Promise<ReadonlyMap<ImageName, readonly Tag[]>> {
    const values = [repository, images, limit]
    const rows = await this.database.query<{ image: ImageName; name: Tag }>(sql.firstTags, values)
    const found = new Map<ImageName, Tag[]>()
    for (const { image, name } of rows) {
      const tags = found.get(image)
      if (tags === undefined) found.set(image, [name])
      else tags.push(name)
    }
    return found
  }

  async images(repository: RepositoryId, page: Page): Promise<readonly ImageName[]> {
    const rows = await this.database.query<{ image: ImageName }>(sql.images, [repository, ...bounds(page)])
    return rows.map(({ image }) => image)
  }

  async referrers(
    repository: RepositoryId,
    image: ImageName,
    subject: Digest,
    artifactTypes: readonly string[],
    page: Page,
  ): Promise<readonly Descriptor[]> {
    const values = [repository, image, subject, artifactTypes, ...bounds(page)]
    const rows = await this.database.query<ReferrerRow>(sql.referrers, values)
    return rows.map(descriptorOf)
  }

  private async putOnce(values: readonly unknown[], target: Queryable = this.database): Promise<PutOutcome> {
    const rows = await target.query<MovedRow>(sql.putManifest, values)
    if (rows.length === 0)
      throw new RegistryError('NAME_UNKNOWN', 'the repository was deleted during the push')
    return { taken: [], moved: rows.flatMap(movedTagsOf) }
  }

  /** The tags are looked at after they were locked: what somebody else set meanwhile is not moved either. */
  private async putUnlessTaken(values: readonly unknown[], fixed: readonly Tag[]): Promise<PutOutcome> {
    const [repository, image, digest] = values
    try {
      return await this.database.transaction(async (transaction) => {
        const outcome = await this.putOnce(values, transaction)
        const taken = await transaction.query<{ name: Tag }>(sql.takenTags, [
          repository,
          image,
          digest,
          fixed,
        ])
        if (taken.length > 0) throw new TagsTaken(taken.map(({ name }) => name))
        return outcome
      })
    } catch (error) {
      if (error instanceof TagsTaken) return { taken: error.tags, moved: [] }
      throw error
    }
  }

  private async refuseMissingBlobs(
    repository: RepositoryId,
    image: ImageName,
    blobs: readonly Digest[],
  ): Promise<void> {
    const rows = await this.database.query<{ digest: Digest }>(sql.missingBlobs, [
      repository,
      image,
      [...new Set(blobs)],
    ])
    const [first, ...siblings] = rows.map(({ digest }) => digest)
    if (first === undefined) return
    throw blobUnknown(first, siblings)
  }
}

/** The properties of an image go with its last manifest. */
async function clearGoneImage(
  transaction: Queryable,
  repository: RepositoryId,
  image: ImageName,
): Promise<void> {
  const key = [repository, image]
  const locked = await transaction.query(lockImageProperties, key)
  if (locked.length > 0) await transaction.query(clearGoneImageProperties, key)
}

/** Ends a transaction that would have moved tags that may not be moved. */
class TagsTaken extends Error {
  constructor(readonly tags: readonly Tag[]) {
    super(`tags ${tags.join(', ')} are another manifest's`)
  }
}

function valuesOf(
  repository: RepositoryId,
  image: ImageName,
  manifest: NewManifest,
  tags: readonly Tag[],
  actor: string,
  fixed: readonly Tag[],
): readonly unknown[] {
  const described = [
    ...[...searchable(manifest.annotations)].map((entry) => ['annotation', ...entry] as const),
    ...[...searchable(manifest.labels ?? {})].map((entry) => ['label', ...entry] as const),
  ]
  return [
    repository,
    image,
    manifest.digest,
    manifest.mediaType,
    manifest.artifactType ?? null,
    manifest.subject ?? null,
    manifest.bytes.length,
    JSON.stringify(manifest.annotations),
    manifest.bytes,
    manifest.blobs,
    manifest.needsBlobs,
    manifest.children,
    [...new Set(tags)],
    actor,
    fixed,
    described.map(([kind]) => kind),
    described.map(([, key]) => key),
    described.map(([, , [value]]) => value),
    manifest.foreign ?? [],
  ]
}

interface MovedRow {
  readonly name: Tag | null
  readonly previous_digest: Digest | null
}

function movedTagsOf({ name, previous_digest: from }: MovedRow): readonly MovedTag[] {
  return name === null || from === null ? [] : [{ tag: name, from }]
}

interface ReferrerRow {
  readonly digest: Digest
  readonly media_type: string
  readonly size: number
  readonly artifact_type: string | null
  readonly annotations: Annotations
}

function descriptorOf(row: ReferrerRow): Descriptor {
  return {
    mediaType: row.media_type,
    digest: row.digest,
    size: row.size,
    ...(row.artifact_type === null ? {} : { artifactType: row.artifact_type }),
    ...(Object.keys(row.annotations).length === 0 ? {} : { annotations: row.annotations }),
  }
}

function blobUnknown(digest: Digest, siblings: readonly Digest[] = []): RegistryError {
  return new RegistryError(
    'MANIFEST_BLOB_UNKNOWN',
    `blob ${digest} is not in the image: push it before the manifest`,
    { detail: { digest }, siblings: siblings.map((sibling) => blobUnknown(sibling)) },
  )
}

function bounds({ after, limit }: Page): readonly [string, number] {
  return [after ?? '', limit + 1]
}
