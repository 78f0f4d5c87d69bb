import { readFile, readdir } from 'node:fs/promises'

/** Linux counts CPU time in hundredths of a second, on every architecture. proc_pid_stat(5). */
const ticksPerSecond = 100

/** The largest resident set a process ever had, in MiB. @throws where there is no /proc */
export async function peakResidentMebibytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]
  if (kibibytes === undefined) throw new Error(`process ${pid} states no VmHWM`)
  return Number(kibibytes) / 1024
}

/** CPU seconds that these processes have used, those of their children that have ended included. */
export async function cpuSeconds(pids: readonly number[]): Promise<number> {
  const ticks = await Promise.all(pids.map(ticksOf))
  return ticks.reduce((sum, value) => sum + value, 0) / ticksPerSecond
}

/** What these processes hold together, memory that they share counted once, in MiB. */
export async function proportionalMebibytes(pids: readonly number[]): Promise<number> {
  const parts = await Promise.all(
    pids.map(async (pid) => {
      const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '')
      return Number(/^Pss:\s+(\d+) kB$/m.exec(rollup)?.[1] ?? 0)
    }),
  )
  return parts.reduce((sum, value) => sum + value, 0) / 1024
}

/** All processes below one, children of children included. */
export async function descendants(pid: number): Promise<readonly number[]> {
  const parents = new Map<number, number>()
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const fields = await statFields(Number(name))
    if (fields !== undefined) parents.set(Number(name), Number(fields[1]))
  }
  const isBelow = (candidate: number): boolean => {
    const parent = parents.get(candidate)
    return parent !== undefined && (parent === pid || isBelow(parent))
  }
  return [...parents.keys()].filter(isBelow)
}

async function ticksOf(pid: number): Promise<number> {
  const fields = await statFields(pid)
  if (fields === undefined) return 0
  return fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0)
}

/** The fields after the name, which may hold anything; undefined once the process has ended. */
async function statFields(pid: number): Promise<readonly string[] | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')
}
