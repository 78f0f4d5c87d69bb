import { mkdtemp, rm, statfs } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { Bench, type Measured, type Sizes } from './bench.js'
import type { Contender } from './contenders/contender.js'
import { startContenders } from './contenders/start-contenders.js'
import { hasWrk } from './load/wrk.js'
import { type Options, parseOptions, usage } from './options.js'
import { type Figures, memoryLines, scenarioLines } from './report.js'
import { blobScenarios } from './scenarios/blob-scenarios.js'
import { manifestScenarios } from './scenarios/manifest-scenarios.js'
import { measureMemory, type MemoryFigures, memoryScenario } from './scenarios/memory-scenario.js'
import { measurePermissions, permissionScenario } from './scenarios/permission-scenario.js'
import type { Scenario, Stocked } from './scenarios/scenario.js'
import { stock } from './scenarios/stock.js'

type Key = Contender['key']

const scenarios: readonly Scenario[] = [...manifestScenarios, ...blobScenarios]

const scenarioNames = [...scenarios, memoryScenario, permissionScenario].map(({ name }) => name)

const fullSizes: Sizes = { largeMebibytes: 1024, smallBlobs: 100, requestSeconds: 4 }
const quickSizes: Sizes = { largeMebibytes: 128, smallBlobs: 20, requestSeconds: 1 }

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2))
  if (options.help) {
    console.log(`${usage}\nscenarios: ${scenarioNames.join(', ')}`)
    return 0
  }
  requireScenarios(options)
  const sizes = options.quick ? quickSizes : fullSizes
  await requireSpace(sizes)
  const folder = await mkdtemp(join(tmpdir(), 'entrepot-bench-'))
  const bench = new Bench(sizes, await hasWrk(), options.patienceSeconds)
  const contenders: Contender[] = []
  const cleanUp = async () => {
    await Promise.allSettled([bench.stop(), ...contenders.map((contender) => contender.stop())])
    await rm(folder, { recursive: true, force: true })
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      void cleanUp().finally(() => process.exit(130))
    })
  }
  try {
    const missing = await startContenders(folder, options.contenders, contenders, say)
    for (const { key, reason } of missing) say(`WITHOUT ${key}: ${reason}`)
    if (!bench.withWrk) say('wrk is not installed: the requests come from Node, which costs more of the CPU')
    say(`${availableParallelism()} CPUs, Node ${process.versions.node}, ${options.rounds} rounds`)
    await runAll(bench, contenders, options)
    if (isWanted(permissionScenario.name, options)) {
      console.log(`\n${(await measurePermissions(bench, folder, options.rounds)).join('\n')}\n`)
    }
    for (const { key, reason } of missing) say(`NOT COMPARED with ${key}: ${reason.split('\n')[0] ?? ''}`)
    return 0
  } finally {
    await cleanUp()
  }
}

async function runAll(bench: Bench, contenders: readonly Contender[], options: Options): Promise<void> {
  const titles = new Map(contenders.map(({ key, title }) => [key, title]))
  const stocks = new Map<Key, Stocked>()
  for (const contender of contenders) {
    say(`stocking ${contender.title}`)
    stocks.set(contender.key, await stock(bench, contender))
  }
  for (const scenario of scenarios.filter(({ name }) => isWanted(name, options))) {
    const figures = await runScenario(bench, scenario, contenders, stocks, options.rounds)
    console.log(`\n${scenarioLines(scenario, figures, titles).join('\n')}`)
  }
  if (!isWanted(memoryScenario.name, options)) return
  const figures = new Map<Key, MemoryFigures>()
  for (const contender of contenders) figures.set(contender.key, await measureMemory(bench, contender))
  console.log(`\n${memoryLines(figures, titles).join('\n')}\n`)
}

/** Each round measures every contender, each time in another order, so that none profits from its place. */
async function runScenario(
  bench: Bench,
  scenario: Scenario,
  contenders: readonly Contender[],
  stocks: ReadonlyMap<Key, Stocked>,
  rounds: number,
): Promise<Figures> {
  const measure = (contender: Contender): Promise<Measured> => {
    const stocked = stocks.get(contender.key)
    if (stocked === undefined) throw new Error(`${contender.key} has no stock`)
    return scenario.measure(bench, contender, stocked).catch((error: unknown) => {
      throw new Error(`${scenario.name} with ${contender.title}: ${String(error)}`, { cause: error })
    })
  }
  if (scenario.warmUp) for (const contender of contenders) await measure(contender)
  const figures = new Map<Key, Measured[]>(contenders.map(({ key }) => [key, []]))
  for (let round = 0; round < rounds; round += 1) {
    const first = round % contenders.length
    for (const contender of [...contenders.slice(first), ...contenders.slice(0, first)]) {
      figures.get(contender.key)?.push(await measure(contender))
    }
  }
  return figures
}

function isWanted(name: string, { only }: Options): boolean {
  return only.length === 0 || only.some((beginning) => name.startsWith(beginning))
}

function requireScenarios({ only }: Options): void {
  const unknown = only.find((beginning) => !scenarioNames.some((name) => name.startsWith(beginning)))
  if (unknown !== undefined) {
    throw new Error(
      `no scenario begins with ${JSON.stringify(unknown)}: there are ${scenarioNames.join(', ')}`,
    )
  }
}

/** The stock of three contenders, and the pushes of one at a time, with a little to spare. */
async function requireSpace({ largeMebibytes }: Sizes): Promise<void> {
  const needed = (3 + memoryScenario.each + 1) * largeMebibytes * 2 ** 20 + 2 ** 30
  const { bavail, bsize } = await statfs(tmpdir())
  if (bavail * bsize >= needed) return
  throw new Error(
    `${tmpdir()} has ${Math.floor((bavail * bsize) / 2 ** 30)} GiB free, ${Math.ceil(needed / 2 ** 30)} GiB are ` +
      'needed: set TMPDIR to a folder on another disk, or use --quick',
  )
}

function say(text: string): void {
  process.stderr.write(`bench: ${text}\n`)
}

try {
  process.exitCode = await main()
} catch (error) {
  say(error instanceof Error ? error.message : String(error))
  process.exitCode = 1
}
