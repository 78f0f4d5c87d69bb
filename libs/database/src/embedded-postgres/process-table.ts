import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, readlinkSync } from 'node:fs'
import { basename } from 'node:path'

const hasProc = existsSync('/proc/self/stat')

/**
 * What tells a process from a later one with the same id: when it started, in the system's own words.
 * @returns undefined when it doesn't run; a zombie doesn't
 */
export function processIdentity(pid: number): string | undefined {
  return hasProc ? identityFromProc(pid) : identityFromPs(pid)
}

/**
 * Whether the process is a PostgreSQL server on `clusterFolder` (a real path): must be asked before it is signalled,
 * because ids written into files outlive the processes.
 * @throws when the system doesn't let us look
 */
export function isPostgresOn(pid: number, clusterFolder: string): boolean {
  if (processIdentity(pid) === undefined) return false
  if (!hasProc) {
    const command = ps(pid, 'command=')
    return command.includes('postgres') && command.includes(clusterFolder)
  }
  try {
    const program = basename(readlinkSync(`/proc/${pid}/exe`)).replace(/ \(deleted\)$/, '')
    return program === 'postgres' && readlinkSync(`/proc/${pid}/cwd`) === clusterFolder
  } catch (error) {
    if (isGone(error)) return false
    throw new Error(
      `process ${pid} is named in ${clusterFolder}/postmaster.pid, but this user may not see what it is: start as the user who started it, or end it`,
      { cause: error },
    )
  }
}

function identityFromProc(pid: number): string | undefined {
  let stat: string
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch (error) {
    if (isGone(error)) return undefined
    throw error
  }
  // proc(5): the name in parentheses may hold spaces; after it field 3 is the state, field 22 the start time.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const state = fields[0]
  return state === 'Z' || state === 'X' ? undefined : fields[22 - 3]
}

function identityFromPs(pid: number): string | undefined {
  const state = ps(pid, 'stat=')
  return state === '' || state.startsWith('Z') ? undefined : ps(pid, 'lstart=')
}

function ps(pid: number, column: string): string {
  const result = spawnSync('ps', ['-ww', '-o', column, '-p', String(pid)], { encoding: 'utf8' })
  if (result.error !== undefined) throw result.error
  return result.stdout.trim()
}

function isGone(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code
  return code === 'ENOENT' || code === 'ESRCH'
}
