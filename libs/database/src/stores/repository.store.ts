import { byCodePoint, RegistryError, type SecretBox } from '@entrepot/kernel'
import type {
  RepositoryChange,
  RepositoryConfig,
  RepositoryId,
  RepositoryKey,
  RepositoryStore,
  StoredRepository,
  VirtualConfig,
} from '@entrepot/repositories'
import { violates } from '../database-error.js'
import type { Queryable, Transactional } from '../database.js'
import { ConfigSecrets } from '../secrets/secret-fields.js'
import * as sql from './repository.sql.js'

/** Content goes in the same transaction: with a million tags that takes longer than a request may. */
const deletionTimeoutMilliseconds = 10 * 60_000

export class PostgresRepositoryStore implements RepositoryStore {
  readonly #secrets: ConfigSecrets<RepositoryConfig>

  constructor(
    private readonly database: Transactional,
    box: SecretBox,
  ) {
    this.#secrets = new ConfigSecrets(box, 'repositories')
  }

  async list(): Promise<readonly StoredRepository[]> {
    const rows = await this.database.query<StoredRepository>(sql.listRepositories, [])
    return rows.map((row) => this.opened(row))
  }

  async create(config: RepositoryConfig): Promise<StoredRepository> {
    return onlyOne(await this.apply([{ config, revision: undefined }]))
  }

  async update(config: RepositoryConfig, revision: number): Promise<StoredRepository> {
    return onlyOne(await this.apply([{ config, revision }]))
  }

  async apply(given: readonly RepositoryChange[]): Promise<readonly StoredRepository[]> {
    const changes = given.map((change) => ({
      ...change,
      config: this.#secrets.sealed(change.config.key, change.config),
    }))
    return this.database.transaction(async (transaction) => {
      await lockMembers(
        transaction,
        changes.map(({ config }) => config),
      )
      const stored = new Map<RepositoryKey, StoredRepository>()
      // By key, so that two who change the same ones wait for each other in one order.
      for (const change of changes.toSorted(byKey)) {
        stored.set(change.config.key, await write(transaction, change))
      }
      const written = changes.map(({ config }) => stored.get(config.key)).filter((row) => row !== undefined)
      await writeMembers(transaction, written)
      return written.map((row) => this.opened(row))
    })
  }

  delete(key: RepositoryKey): Promise<boolean> {
    return this.database.transaction(async (transaction) => {
      await transaction.query(sql.lockMembersForDeletion, [])
      await transaction.query(sql.allowTime, [String(deletionTimeoutMilliseconds)])
      const [row] = await transaction.query<{ id: RepositoryId }>(sql.lockRepository, [key])
      if (row === undefined) return false
      await refuseWhileListed(transaction, key, row.id)
      await transaction.query(sql.unlinkBlobs, [row.id])
      await transaction.query(sql.expireUploads, [row.id])
      await transaction.query(sql.deleteRepository, [row.id])
      return true
    })
  }

  private opened(row: StoredRepository): StoredRepository {
    return { ...row, config: this.#secrets.opened(row.config.key, row.config) }
  }
}

function onlyOne(rows: readonly StoredRepository[]): StoredRepository {
  const [row] = rows
  if (row === undefined) throw new Error('a repository that was written has no row')
  return row
}

function byKey(left: RepositoryChange, right: RepositoryChange): number {
  return byCodePoint(left.config.key, right.config.key)
}

async function write(
  transaction: Queryable,
  { config, revision }: RepositoryChange,
): Promise<StoredRepository> {
  if (revision === undefined) return insert(transaction, config)
  const values = [config.key, JSON.stringify(config), revision]
  const [stored] = await transaction.query<StoredRepository>(sql.updateRepository, values)
  if (stored === undefined) throw await notUpdated(transaction, config.key, revision)
  return stored
}

async function insert(transaction: Queryable, config: RepositoryConfig): Promise<StoredRepository> {
  try {
    const values = [config.key, config.rclass, config.packageType, JSON.stringify(config)]
    return onlyOne(await transaction.query<StoredRepository>(sql.createRepository, values))
  } catch (error) {
    if (!violates(error, 'repositories_key_key')) throw error
    throw new RegistryError('CONFLICT', `there is a repository ${config.key} already`, { cause: error })
  }
}

async function notUpdated(transaction: Queryable, key: string, revision: number): Promise<RegistryError> {
  const [row] = await transaction.query<{ revision: number }>(sql.revisionOf, [key])
  if (row === undefined)
    return new RegistryError('NAME_UNKNOWN', `there is no repository ${JSON.stringify(key)}`)
  return new RegistryError(
    'CONFLICT',
    `repository ${key} was changed by another: it is at revision ${row.revision}, this change was made to ${revision}`,
  )
}

/**
 * Changes of members wait for each other, so that no two of them close a cycle together, and for deletions. Whoever
 * needs this lock takes it before any row.
 */
async function lockMembers(transaction: Queryable, configs: readonly RepositoryConfig[]): Promise<void> {
  if (configs.some(({ rclass }) => rclass === 'virtual')) await transaction.query(sql.lockMembers, [])
}

async function writeMembers(transaction: Queryable, written: readonly StoredRepository[]): Promise<void> {
  const virtuals = written.flatMap(({ id, config }) => (config.rclass === 'virtual' ? [{ id, config }] : []))
  for (const { id, config } of virtuals) await listMembers(transaction, id, config)
  for (const { id, config } of virtuals) {
    const [cycle] = await transaction.query(sql.findCycle, [id])
    if (cycle === undefined) continue
    throw new RegistryError('REQUEST_INVALID', `virtual repository ${config.key} would contain itself`)
  }
}

async function listMembers(transaction: Queryable, id: RepositoryId, config: VirtualConfig): Promise<void> {
  await transaction.query(sql.removeMembers, [id])
  const wanted = [...new Set(config.repositories)]
  const rows = await transaction.query<{ key: RepositoryKey }>(sql.addMembers, [id, wanted])
  const found = new Set(rows.map(({ key }) => key))
  const missing = wanted.find((key) => !found.has(key))
  if (missing !== undefined) throw memberMissing(config, missing)
}

function memberMissing(config: VirtualConfig, member: RepositoryKey): RegistryError {
  return new RegistryError(
    'REQUEST_INVALID',
    `virtual repository ${config.key} lists ${JSON.stringify(member)}, which does not exist: create it first`,
  )
}

async function refuseWhileListed(
  transaction: Queryable,
  key: RepositoryKey,
  id: RepositoryId,
): Promise<void> {
  const rows = await transaction.query<{ key: RepositoryKey }>(sql.virtualsListing, [id])
  if (rows.length === 0) return
  const virtuals = rows.map((row) => row.key).join(', ')
  throw new RegistryError(
    'CONFLICT',
    `repository ${key} is a member of ${virtuals}: take it out of there first`,
    { detail: { virtuals: rows.map((row) => row.key) } },
  )
}
