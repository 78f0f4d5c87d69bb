import { type Digest, RegistryError } from '@entrepot/kernel'
import type { CopyTarget, TagCopier, TagCopy, TagCopyOutcome, TagPlace } from '@entrepot/oci-repository'
import type { Database, Queryable, Statement } from '../database.js'
import { deleteManifest, deleteTag, missingBlobs } from './manifest.sql.js'
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
    const { image } = copy.from
    const name = 'tag' in copy.from ? `${image}:${copy.from.tag}` : `${image}@${copy.from.digest}`
    throw new RegistryError('UNAVAILABLE', `${name} is being changed all the time`, { retryAfterSeconds: 1 })
  }
}

/** Ends a transaction that must leave nothing. Without an outcome something went meanwhile, and it is tried again. */
class NotCopied extends Error {
  constructor(readonly outcome?: TagCopyOutcome) {
    super(outcome?.kind ?? 'changed')
  }
}

async function copyOnce(copy: TagCopy, transaction: Queryable): Promise<TagCopyOutcome> {
  const { from, to } = copy
  const ids = [...new Set([from.repository, to.repository])]
  if ((await transaction.query(sql.lockRepositories, [ids])).length < ids.length) {
    throw new RegistryError('NAME_UNKNOWN', 'a repository was deleted while a tag was copied')
  }
  const digest = 'tag' in from ? await digestAt(sql.digestOfTag, from, transaction) : from.digest
  if (digest === undefined) return { kind: 'absent' }
  const found = await copyContent(copy, digest, transaction)
  if ('tag' in from && (await digestAt(sql.lockTag, from, transaction)) !== digest) throw new NotCopied()
  if (!found) return { kind: 'absent' }
  const replaced = await setTag(copy, digest, transaction)
  await setTagProperties(copy, transaction)
  if (copy.move) await removeSource(copy, digest, transaction)
  const outcome = { kind: 'copied', digest, replaced } as const
  if (copy.dryRun === true) throw new NotCopied(outcome)
  return outcome
}

/** @returns whether there is such a manifest */
async function copyContent(
  { from, to, move }: TagCopy,
  digest: Digest,
  transaction: Queryable,
): Promise<boolean> {
  const source = [from.repository, from.image]
  const ends = [...source, to.repository, to.image]
  const belonging = digestsOf(await transaction.query<DigestRow>(sql.closure, [...source, digest]))
  const lock = move && !('tag' in from) ? sql.lockManifestsToDelete : sql.lockManifests
  const manifests = digestsOf(await transaction.query<DigestRow>(lock, [...source, belonging]))
  const known = new Set(manifests)
  if (!known.has(digest)) return false
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
  return true
}

async function setTag(copy: TagCopy, digest: Digest, transaction: Queryable): Promise<Digest | undefined> {
  const { to, actor, mayOverwrite } = copy
  if (to.tag === undefined) return undefined
  const values = [...valuesOf(to), digest, actor, mayOverwrite]
  const [set] = await transaction.query<{ previous_digest: Digest | null }>(sql.setTag, values)
  if (set !== undefined) return set.previous_digest ?? undefined
  if ((await digestAt(sql.digestOfTag, to, transaction)) !== digest) throw new NotCopied({ kind: 'taken' })
  return undefined
}

/** What the tag had before was the other manifest's. */
async function setTagProperties({ from, to }: TagCopy, transaction: Queryable): Promise<void> {
  if (to.tag === undefined) return
  await transaction.query(sql.lockTag, valuesOf(to))
  await transaction.query(clearTagProperties, valuesOf(to))
  if ('tag' in from) await transaction.query(copyTagProperties, [...valuesOf(from), ...valuesOf(to)])
}

async function removeSource(
  { from, to, actor }: TagCopy,
  digest: Digest,
  transaction: Queryable,
): Promise<void> {
  if ('tag' in from) {
    await transaction.query(deleteTag, [...valuesOf(from), actor])
    return
  }
  if (from.repository === to.repository && from.image === to.image) return
  const key = [from.repository, from.image, digest]
  const holders = await transaction.query<{ holder: string }>(sql.holders, key)
  if (holders.length > 0) {
    throw new NotCopied({ kind: 'held', holders: holders.map(({ holder }) => holder) })
  }
  await transaction.query(deleteManifest, [...key, actor])
}

async function digestAt(
  statement: Statement,
  place: TagPlace | CopyTarget,
  transaction: Queryable,
): Promise<Digest | undefined> {
  const [row] = await transaction.query<DigestRow>(statement, valuesOf(place))
  return row?.digest
}

function valuesOf({ repository, image, tag }: TagPlace | CopyTarget): readonly unknown[] {
  return [repository, image, tag]
}

function digestsOf(rows: readonly DigestRow[]): readonly Digest[] {
  return rows.map(({ digest }) => digest)
}
