import { setTimeout as sleep } from 'node:timers/promises'
import { existsSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { isPostgresOn, processIdentity } from './process-table.js'

const pollMilliseconds = 25

export interface OrphanStopOptions {
  /** For a fast shutdown; after that, and for half as long, an immediate one. */
  readonly limitMilliseconds: number
  readonly onProgress: (text: string) => void
}

/**
 * Ends the PostgreSQL that a killed server left behind on this cluster, and removes a `postmaster.pid` whose id now
 * belongs to another program, which PostgreSQL would take for a running server. The caller holds the claim to the folder.
 */
export async function stopOrphan(clusterFolder: string, options: OrphanStopOptions): Promise<void> {
  const pidFile = join(clusterFolder, 'postmaster.pid')
  if (!existsSync(pidFile)) return
  const pid = Number(readFileSync(pidFile, 'utf8').split('\n', 1)[0])
  if (!Number.isSafeInteger(pid) || pid <= 1) return
  const cluster = realpathSync(clusterFolder)
  if (!isPostgresOn(pid, cluster)) {
    if (processIdentity(pid) !== undefined) rmSync(pidFile, { force: true })
    return
  }
  options.onProgress(`stopping PostgreSQL (process ${pid}), which a killed server left behind`)
  if (await end(pid, cluster, 'SIGINT', options.limitMilliseconds)) return
  if (await end(pid, cluster, 'SIGQUIT', options.limitMilliseconds / 2)) return
  throw new Error(`PostgreSQL (process ${pid}) on ${clusterFolder} does not stop: end it by hand`)
}

async function end(pid: number, cluster: string, signal: NodeJS.Signals, limit: number): Promise<boolean> {
  if (!isPostgresOn(pid, cluster)) return true
  process.kill(pid, signal)
  for (let waited = 0; waited < limit; waited += pollMilliseconds) {
    if (!isPostgresOn(pid, cluster)) return true
    await sleep(pollMilliseconds)
  }
  return !isPostgresOn(pid, cluster)
}
