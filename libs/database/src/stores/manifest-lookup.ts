import type { Digest } from '@entrepot/kernel'
import type { ImageName, Tag } from '@entrepot/oci-model'
import type { ManifestBytes } from '@entrepot/oci-repository'
import type { RepositoryId } from '@entrepot/repositories'
import { Batcher } from '../batcher.js'
import type { Database, Statement } from '../database.js'
import { inOrder } from './in-order.js'
import {
  batchedPayload,
  manifestName,
  ManifestPayloads,
  type ManifestKey,
  type ManifestRow,
} from './manifest-payloads.js'

interface TagKey {
  readonly repository: RepositoryId
  readonly image: ImageName
  readonly tag: Tag
}

interface PlacedRow extends ManifestRow {
  readonly position: number
}

/** LATERAL with LIMIT keeps PostgreSQL to one index probe per key, whatever it thinks of the size of the arrays. */
const byTag: Statement = {
  name: 'manifest-by-tag',
  text: `
    SELECT k.position::int AS position, m.digest, m.media_type, ${batchedPayload}
    FROM unnest($1::int[], $2::text[], $3::text[]) WITH ORDINALITY AS k (repo_id, image, name, position)
    CROSS JOIN LATERAL (
      SELECT digest FROM tags t WHERE t.repo_id = k.repo_id AND t.image = k.image AND t.name = k.name LIMIT 1
    ) t
    CROSS JOIN LATERAL (
      SELECT digest, media_type, size, payload FROM manifests m
      WHERE m.repo_id = k.repo_id AND m.image = k.image AND m.digest = t.digest LIMIT 1
    ) m`,
}

const byDigest: Statement = {
  name: 'manifest-by-digest',
  text: `
    SELECT k.position::int AS position, m.digest, m.media_type, ${batchedPayload}
    FROM unnest($1::int[], $2::text[], $3::text[]) WITH ORDINALITY AS k (repo_id, image, digest, position)
    CROSS JOIN LATERAL (
      SELECT digest, media_type, size, payload FROM manifests m
      WHERE m.repo_id = k.repo_id AND m.image = k.image AND m.digest = k.digest LIMIT 1
    ) m`,
}

/** The reads that every pull makes, in batches. */
export class ManifestLookup {
  readonly #payloads: ManifestPayloads
  readonly #byTag: Batcher<TagKey, ManifestRow | undefined>
  readonly #byDigest: Batcher<ManifestKey, ManifestRow | undefined>

  constructor(private readonly database: Database) {
    this.#payloads = new ManifestPayloads(database)
    this.#byTag = new Batcher({
      load: (keys) =>
        this.load(
          byTag,
          keys,
          keys.map(({ tag }) => tag),
        ),
      nameOf: ({ repository, image, tag }) => `${repository}/${image}:${tag}`,
    })
    this.#byDigest = new Batcher({
      load: (keys) =>
        this.load(
          byDigest,
          keys,
          keys.map(({ digest }) => digest),
        ),
      nameOf: manifestName,
    })
  }

  async byTag(repository: RepositoryId, image: ImageName, tag: Tag): Promise<ManifestBytes | undefined> {
    const row = await this.#byTag.get({ repository, image, tag })
    return row === undefined ? undefined : this.#payloads.complete(repository, image, row)
  }

  async byDigest(
    repository: RepositoryId,
    image: ImageName,
    digest: Digest,
  ): Promise<ManifestBytes | undefined> {
    const row = await this.#byDigest.get({ repository, image, digest })
    return row === undefined ? undefined : this.#payloads.complete(repository, image, row)
  }

  private async load(
    statement: Statement,
    keys: readonly { readonly repository: RepositoryId; readonly image: ImageName }[],
    references: readonly string[],
  ): Promise<readonly (ManifestRow | undefined)[]> {
    const repositories = keys.map(({ repository }) => repository)
    const images = keys.map(({ image }) => image)
    const rows = await this.database.query<PlacedRow>(statement, [repositories, images, references])
    return inOrder(rows, keys.length)
  }
}
