import { type Digest, RegistryError } from '@entrepot/kernel'
import type { TagCopier, TagCopy, TagCopyOutcome, TagPlace } from '@entrepot/oci-repository'
import type { Database, Queryable } from '../database.js'
import { deleteTag, missingBlobs } from './manifest.sql.js'
import { clearTagProperties, copyManifestProperties, copyTagProperties } from './property.sql.js'
import * as sql from './tag-copier.sql.js'

interface DigestRow {
  readonly digest: Digest
}

/** A tag may be moved while what belongs to it is looked up: the next look is at the new manifest. */
const maximumAttempts = 5

/** Everything in one transaction; its locks are in the order of all writers: repositories, manifests, tags. */
export class PostgresTagCopier implements TagCopier {
  constructor(private readonly database: Database) {}

  /** @throws RegistryError NAME_UNKNOWN when one of the repositories has been deleted; UNAVAILABLE when the tag never rests */
  async copy(copy: TagCopy): Promise<TagCopyOutcome> {
    for (let attempt = 1; attempt <= maximumAttempts; attempt += 1) {
      try {
        return await this.database.transaction((transaction) => copyOnce(copy, transaction))
      } catch (error) {
        if (!(error instanceof NotCopied)) throw error
        if (error.outcome !== undefined) return error.outcome
      }
    }
    const { image, tag } = copy.from
    throw new RegistryError('UNAVAILABLE', `tag ${image}:${tag} is being moved all the time`, {
      retryAfterSeconds: 1,
    })
  }
}

/** Ends a transaction that must leave nothing. Without an outcome something went meanwhile, and it is tried again. */
class NotCopied extends Error {
  constructor(readonly outcome?: TagCopyOutcome) {
    super(outcome?.kind ?? 'changed')
  }
}

async function copyOnce(copy: TagCopy, transaction: Queryable): Promise<TagCopyOutcome> {
  const { from, to, move, actor } = copy
  const ids = [...new Set([from.repository, to.repository])]
  if ((await transaction.query(sql.lockRepositories, [ids])).length < ids.length) {
    throw new RegistryError('NAME_UNKNOWN', 'a repository was deleted while a tag was copied')
  }
  const [tagged] = await transaction.query<DigestRow>(sql.digestOfTag, valuesOf(from))
  if (tagged === undefined) return { kind: 'absent' }
  await copyContent(copy, tagged.digest, transaction)
  const [still] = await transaction.query<DigestRow>(sql.lockTag, valuesOf(from))
  if (still?.digest !== tagged.digest) throw new NotCopied()
  const replaced = await setTag(copy, tagged.digest, transaction)
  await transaction.query(sql.lockTag, valuesOf(to))
  await transaction.query(clearTagProperties, valuesOf(to))
  await transaction.query(copyTagProperties, [...valuesOf(from), ...valuesOf(to)])
  if (move) await transaction.query(deleteTag, [...valuesOf(from), actor])
  return { kind: 'copied', digest: tagged.digest, replaced }
}

async function copyContent({ from, to }: TagCopy, digest: Digest, transaction: Queryable): Promise<void> {
  const source = [from.repository, from.image]
  const ends = [...source, to.repository, to.image]
  const belonging = digestsOf(await transaction.query<DigestRow>(sql.closure, [...source, digest]))
  const manifests = digestsOf(await transaction.query<DigestRow>(sql.lockManifests, [...source, belonging]))
  const known = new Set(manifests)
  const listed = digestsOf(await transaction.query<DigestRow>(sql.listedBlobs, [...source, manifests]))
  // An entry of an old build cache's index may be a blob.
  const blobs = [...new Set([...listed, ...belonging.filter((each) => !known.has(each))])]
  await transaction.query(sql.linkBlobs, [...ends, blobs])
  const missing = digestsOf(
    await transaction.query<DigestRow>(missingBlobs, [to.repository, to.image, blobs]),
  )
  if (missing.length > 0) throw new NotCopied({ kind: 'incomplete', missing })
  await transaction.query(sql.copyManifests, [...ends, manifests])
  await transaction.query(sql.copyListings, [...ends, manifests])
  await transaction.query(copyManifestProperties, [...ends, manifests])
  // What was there already may just have been deleted.
  const target = [to.repository, to.image, manifests]
  const there = await transaction.query(sql.lockManifests, target)
  if (there.length < manifests.length) throw new NotCopied()
}

async function setTag(copy: TagCopy, digest: Digest, transaction: Queryable): Promise<Digest | undefined> {
  const { to, actor, mayOverwrite } = copy
  const values = [...valuesOf(to), digest, actor, mayOverwrite]
  const [set] = await transaction.query<{ previous_digest: Digest | null }>(sql.setTag, values)
  if (set !== undefined) return set.previous_digest ?? undefined
  const [there] = await transaction.query<DigestRow>(sql.digestOfTag, valuesOf(to))
  if (there?.digest !== digest) throw new NotCopied({ kind: 'taken' })
  return undefined
}

function valuesOf({ repository, image, tag }: TagPlace): readonly unknown[] {
  return [repository, image, tag]
}

function digestsOf(rows: readonly DigestRow[]): readonly Digest[] {
  return rows.map(({ digest }) => digest)
}
