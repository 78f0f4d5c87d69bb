import {
  type BuildContent,
  type BuildDocument,
  type BuildEntry,
  type BuildInfo,
  type BuildPublisher,
  type BuildRun,
  type BuildStatus,
  type BuildStore,
  type BuildSummary,
  buildTextOf,
  type BuildViewer,
  maximumRuns,
  type RunSelection,
  type StoredBuild,
} from '@entrepot/builds'
import { RegistryError } from '@entrepot/kernel'
import { violates } from '../database-error.js'
import type { Database, Queryable } from '../database.js'
import * as sql from './build.sql.js'

interface StatusRow {
  readonly status: string
  readonly at: string
  readonly comment: string | null
  readonly repository: string | null
  readonly ci_user: string | null
  readonly user_name: string
}

interface BuildRow extends Omit<StoredBuild, 'document' | 'statuses'> {
  readonly document: string
  readonly statuses: readonly StatusRow[]
}

interface RunRow extends BuildRun {
  readonly id: string
  readonly document: string
}

export class PostgresBuildStore implements BuildStore {
  constructor(private readonly database: Database) {}

  publish(build: BuildInfo, publisher: BuildPublisher): Promise<boolean> {
    const { name, number, started, url, contents, document } = build
    const key = [publisher.id, name, number, started]
    return this.database
      .transaction(async (transaction) => {
        const gone = await transaction.query(sql.deleteSame, key)
        const values = [...key, publisher.name, url ?? null, buildTextOf(document)]
        const [row] = await transaction.query<{ id: string }>(sql.insertBuild, values)
        if (row === undefined) throw new Error('a build that was inserted has no row')
        await insertContents(transaction, row.id, contents)
        return gone.length > 0
      })
      .catch((error: unknown) => {
        if (violates(error, 'builds_run')) throw taken(name, error)
        throw error
      })
  }

  async names(viewer: BuildViewer): Promise<readonly BuildSummary[]> {
    type Row = { readonly name: string; readonly last_started: Date }
    const rows = await this.database.query<Row>(sql.names, [seenBy(viewer)])
    return rows.map(({ name, last_started }) => ({ name, lastStarted: last_started }))
  }

  runs(viewer: BuildViewer, name: string): Promise<readonly BuildRun[]> {
    return this.database.query<BuildRun>(sql.runs, [seenBy(viewer), name, maximumRuns])
  }

  async entries(viewer: BuildViewer): Promise<readonly BuildEntry[]> {
    type Row = Omit<BuildEntry, 'url'> & { readonly url: string | null }
    const rows = await this.database.query<Row>(sql.entries, [seenBy(viewer), maximumRuns])
    return rows.map((row) => ({ ...row, url: row.url ?? undefined }))
  }

  async find(
    viewer: BuildViewer,
    name: string,
    number: string,
    started?: Date,
  ): Promise<StoredBuild | undefined> {
    const [row] = await this.database.query<BuildRow>(sql.find, [
      seenBy(viewer),
      name,
      number,
      started ?? null,
    ])
    if (row === undefined) return undefined
    return {
      ...row,
      document: JSON.parse(row.document) as BuildDocument,
      statuses: row.statuses.map(statusOf),
    }
  }

  async latest(viewer: BuildViewer, name: string, status?: string): Promise<BuildRun | undefined> {
    const [row] = await this.database.query<BuildRun>(sql.latest, [seenBy(viewer), name, status ?? null])
    return row
  }

  change(
    viewer: BuildViewer,
    name: string,
    number: string,
    change: (document: BuildDocument) => BuildInfo,
  ): Promise<BuildRun | undefined> {
    return this.database.transaction(async (transaction) => {
      const [row] = await transaction.query<RunRow>(sql.lockRun, [seenBy(viewer), name, number])
      if (row === undefined) return undefined
      const { document, contents } = change(JSON.parse(row.document) as BuildDocument)
      await transaction.query(sql.replaceDocument, [row.id, buildTextOf(document)])
      await transaction.query(sql.clearContents, [row.id])
      await insertContents(transaction, row.id, contents)
      return { number: row.number, started: row.started }
    })
  }

  delete(viewer: BuildViewer, name: string, selection: RunSelection): Promise<readonly BuildRun[]> {
    const { numbers, startedBefore, butLast = 0, butNumbers = [] } = selection
    const values = [seenBy(viewer), name, numbers ?? null, startedBefore ?? null, butLast, butNumbers]
    return this.database.query<BuildRun>(sql.deleteRuns, values)
  }

  async rename(viewer: BuildViewer, name: string, to: string): Promise<number> {
    try {
      return await this.database.transaction(async (transaction) => {
        const runs = await transaction.query<Pick<RunRow, 'id'>>(sql.lockRuns, [seenBy(viewer), name])
        for (const { id } of runs) {
          const renamed = { ...(await documentOf(transaction, id)), name: to }
          await transaction.query(sql.renameRun, [id, to, JSON.stringify(renamed)])
        }
        return runs.length
      })
    } catch (error) {
      if (violates(error, 'builds_run')) throw taken(to, error)
      throw error
    }
  }

  async addStatus(id: string, status: BuildStatus): Promise<void> {
    const { timestamp, comment, repository, ciUser, user } = status
    await this.database.query(sql.addStatus, [
      id,
      status.status,
      timestamp,
      comment ?? null,
      repository ?? null,
      ciUser ?? null,
      user,
    ])
  }
}

/** Of a run that is locked. */
async function documentOf(transaction: Queryable, id: string): Promise<BuildDocument> {
  const [row] = await transaction.query<Pick<RunRow, 'document'>>(sql.documentOf, [id])
  if (row === undefined) throw new Error('a build that is locked has no row')
  return JSON.parse(row.document) as BuildDocument
}

/** What has no checksum can't be found by one. */
async function insertContents(
  transaction: Queryable,
  id: string,
  contents: readonly BuildContent[],
): Promise<void> {
  const known = contents.filter(({ sha256, sha1 }) => sha256 !== undefined || sha1 !== undefined)
  if (known.length === 0) return
  await transaction.query(sql.insertContents, [
    id,
    known.map(({ role }) => role),
    known.map(({ name }) => name),
    known.map(({ sha256 }) => sha256 ?? null),
    known.map(({ sha1 }) => sha1 ?? null),
  ])
}

function seenBy(viewer: BuildViewer): string | null {
  return viewer.kind === 'all' ? null : viewer.id
}

function statusOf({ status, at, comment, repository, ci_user, user_name }: StatusRow): BuildStatus {
  return {
    status,
    timestamp: new Date(at),
    comment: comment ?? undefined,
    repository: repository ?? undefined,
    ciUser: ci_user ?? undefined,
    user: user_name,
  }
}

function taken(name: string, cause: unknown): RegistryError {
  const message = `there is a run of build ${JSON.stringify(name)} with the same number and start`
  return new RegistryError('CONFLICT', message, { cause })
}
