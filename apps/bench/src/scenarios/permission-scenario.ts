import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Bench, Measured } from '../bench.js'
import { BearerToken } from '../contenders/bearer-token.js'
import type { Contender } from '../contenders/contender.js'
import { administrator, imagePath, startEntrepot } from '../contenders/entrepot.js'
import type { Target } from '../load/tasks.js'
import { median } from '../median.js'
import { fillPermissionTables, type PermissionCounts, reader } from '../permission-tables.js'
import { rateOf } from '../report.js'
import { measureManifest } from './manifest-scenarios.js'
import { stockImage } from './stock.js'

export const permissionScenario = {
  name: 'permissions',
  /** How many times the time of a manifest GET with a single target it may take with many. */
  most: 1.2,
  few: { users: 1, groups: 1, targets: 1 },
  many: { users: 10_000, groups: 1_000, targets: 1_000 },
}

/** What the reader may do is known within a second after it was written past the server. */
const knownMilliseconds = 10_000

/**
 * Two Entrepots, one with a single permission target, one with many, are measured in turns: an ordinary user, who may read
 * by a group, gets a manifest by its tag.
 * @returns the lines of the report
 */
export async function measurePermissions(
  bench: Bench,
  folder: string,
  rounds: number,
): Promise<readonly string[]> {
  const { few, many, most, name } = permissionScenario
  const started: Contender[] = []
  try {
    const single = await startFilled(bench, join(folder, 'few'), few, started)
    const full = await startFilled(bench, join(folder, 'many'), many, started)
    const ratios: number[] = []
    const figures = new Map<Contender, Measured[]>([
      [single, []],
      [full, []],
    ])
    for (const contender of [single, full]) await measureManifest(bench, contender, '/manifests/latest')
    for (let round = 0; round < rounds; round += 1) {
      for (const contender of round % 2 === 0 ? [single, full] : [full, single]) {
        figures.get(contender)?.push(await measureManifest(bench, contender, '/manifests/latest'))
      }
      const [alone, among] = [single, full].map((contender) => figures.get(contender)?.at(-1))
      if (alone !== undefined && among !== undefined) ratios.push(rateOf(alone) / rateOf(among))
    }
    const ratio = median(ratios)
    const cpuRatio = costOf(figures.get(full)) / costOf(figures.get(single))
    return [
      `${name}: manifest GET by tag as an ordinary user, ${counted(many)}, against a single target`,
      ...[...figures].map(([{ title }, measured]) => figureLine(title, measured)),
      `  ${ratio.toFixed(2)}x the time (${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}), ` +
        `${cpuRatio.toFixed(2)}x the CPU time, target at most ${most}x: ${ratio <= most ? 'reached' : 'NOT reached'}`,
    ]
  } finally {
    await Promise.allSettled(started.map((contender) => contender.stop()))
  }
}

/** @param started gets the server as soon as it runs, so that it is stopped whatever happens */
async function startFilled(
  bench: Bench,
  folder: string,
  counts: PermissionCounts,
  started: Contender[],
): Promise<Contender> {
  await mkdir(folder)
  const server = await startEntrepot(folder)
  started.push(server)
  await stockImage(bench, server)
  await fillPermissionTables(server.blobFolder, counts)
  const token = await readersToken(await server.target())
  return {
    ...server,
    title: `${counts.targets} permission target(s)`,
    target: async () => ({ ...(await server.target()), authorization: `Bearer ${await token.value()}` }),
  }
}

/** A token grants what the reader may do at that moment, so that another is got until it suffices. */
async function readersToken({ host, port, path }: Target): Promise<BearerToken> {
  const url = `http://${host}:${port}`
  const credentials = { user: reader, password: administrator.password }
  const until = performance.now() + knownMilliseconds
  for (;;) {
    const token = new BearerToken(url, credentials, `repository:${imagePath}:pull`)
    const headers = { authorization: `Bearer ${await token.value()}`, accept: '*/*' }
    const response = await fetch(`${url}${path}/manifests/latest`, { headers })
    const text = await response.text()
    if (response.status === 200) return token
    if (performance.now() > until) throw new Error(`${reader} may not read: ${response.status} ${text}`)
    await delay(100)
  }
}

function counted({ users, groups, targets }: PermissionCounts): string {
  return `${users} users, ${groups} groups, ${targets} targets`
}

/** CPU seconds a request. */
function costOf(measured: readonly Measured[] = []): number {
  return median(measured.map(({ cpuSeconds, work }) => cpuSeconds / work))
}

function figureLine(title: string, measured: readonly Measured[]): string {
  const rates = measured.map(rateOf)
  const cost = costOf(measured) * 1e6
  const [low, high] = [Math.min(...rates), Math.max(...rates)].map((rate) => rate.toFixed(0))
  return `  ${title.padEnd(28)} ${median(rates).toFixed(0).padStart(8)} requests/s  (${low} to ${high})  ${cost.toFixed(0)} CPU us each`
}
