import { spawn } from 'node:child_process'
import { existsSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { once } from 'node:events'
import { basename, dirname, join } from 'node:path'
import type { PostgresInstallation } from './postgres-installation.js'

/** The database superuser of the embedded cluster; only our own user can reach the socket. */
export const clusterUser = 'entrepot'

export interface ClusterOptions {
  /** Wait for the files to reach the disk. */
  readonly sync: boolean
  readonly prefix: readonly string[]
}

/**
 * Makes the cluster under another name and renames it when it is whole: a start that was killed half-way leaves nothing
 * that the next one could take for a cluster. The name is this process's own, because the initdb of a killed start may
 * still be writing to its draft.
 */
export async function createCluster(
  installation: PostgresInstallation,
  folder: string,
  options: ClusterOptions,
): Promise<void> {
  removeDrafts(folder)
  const draft = `${folder}.new-${process.pid}`
  const settings =
    '--auth=trust --encoding=UTF8 --locale-provider=builtin --builtin-locale=C.UTF-8 --locale=C'
  const [program = '', ...args] = [
    ...options.prefix,
    installation.initdb,
    '-D',
    draft,
    '-U',
    clusterUser,
    '--data-checksums',
    ...settings.split(' '),
    ...(options.sync ? [] : ['--no-sync']),
  ]
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  const output = text(child.stderr)
  const [status] = (await once(child, 'close')) as [number | null]
  if (status !== 0) {
    rmSync(draft, { recursive: true, force: true })
    throw new Error(`the database cluster could not be created in ${folder}: ${(await output).trim()}`)
  }
  renameSync(draft, folder)
}

function removeDrafts(folder: string): void {
  const parent = dirname(folder)
  const drafts = readdirSync(parent).filter((name) => name.startsWith(`${basename(folder)}.new`))
  for (const name of drafts) rmSync(join(parent, name), { recursive: true, force: true, maxRetries: 5 })
}

export function clusterExists(folder: string): boolean {
  return existsSync(join(folder, 'PG_VERSION'))
}

/** @throws with what to do, when the cluster was made by another major version */
export function checkClusterVersion(folder: string, majorVersion: string): void {
  const version = readFileSync(join(folder, 'PG_VERSION'), 'utf8').trim()
  if (version === majorVersion) return
  throw new Error(
    `${folder} was made by PostgreSQL ${version}, but this Entrepot brings PostgreSQL ${majorVersion}, which can't read it. ` +
      `Start the Entrepot that made it, dump its database with pg_dump ${version} or newer, restore the dump into a PostgreSQL server ` +
      `and set ENTREPOT_DATABASE_URL to that; or move the folder away to start empty`,
  )
}
