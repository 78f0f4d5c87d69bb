import { readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'

const lookMilliseconds = 200
const quietShare = 0.8

/** Waits until other programs leave the CPUs alone, but not longer than `patienceSeconds`: then it is measured anyway. */
export async function quietMachine(patienceSeconds: number): Promise<void> {
  const until = performance.now() + patienceSeconds * 1000
  let before = await cpuTimes()
  while (performance.now() < until) {
    await delay(lookMilliseconds)
    const after = await cpuTimes()
    if ((after.idle - before.idle) / Math.max(1, after.all - before.all) >= quietShare) return
    before = after
  }
}

/** The first line of /proc/stat: user, nice, system, idle, iowait, irq, softirq, steal. proc_stat(5). */
async function cpuTimes(): Promise<{ readonly idle: number; readonly all: number }> {
  const [line = ''] = (await readFile('/proc/stat', 'utf8')).split('\n')
  const times = line.split(/\s+/).slice(1, 9).map(Number)
  const [, , , idle = 0, waiting = 0] = times
  return { idle: idle + waiting, all: times.reduce((sum, time) => sum + time, 0) }
}
