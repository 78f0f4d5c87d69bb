import type { Measured } from './bench.js'
import type { Contender } from './contenders/contender.js'
import { median } from './median.js'
import { type MemoryFigures, memoryScenario } from './scenarios/memory-scenario.js'
import type { Scenario } from './scenarios/scenario.js'

type Key = Contender['key']

/** Round by round: the nth figure of each contender comes from the nth round. */
export type Figures = ReadonlyMap<Key, readonly Measured[]>

export interface Comparison {
  readonly against: Key
  /** The median of the ratios of each round, in which both were measured one right after the other. */
  readonly ratio: number
  readonly lowest: number
  readonly highest: number
  readonly target: number
  readonly reached: boolean
}

/** Work in a second: bytes or requests. */
export function rateOf(measured: Measured): number {
  return measured.work / measured.seconds
}

export function compare(scenario: Scenario, figures: Figures): readonly Comparison[] {
  const own = figures.get('entrepot') ?? []
  return (Object.entries(scenario.targets) as [Key, number][]).flatMap(([against, target]) => {
    const others = figures.get(against) ?? []
    const ratios = own.flatMap((measured, round) => {
      const other = others[round]
      return other === undefined ? [] : [rateOf(measured) / rateOf(other)]
    })
    if (ratios.length === 0) return []
    const ratio = median(ratios)
    const [lowest, highest] = [Math.min(...ratios), Math.max(...ratios)]
    return [{ against, ratio, lowest, highest, target, reached: ratio >= target }]
  })
}

/** The lines of one scenario: a line for each contender, then one for each target. */
export function scenarioLines(
  scenario: Scenario,
  figures: Figures,
  titles: ReadonlyMap<Key, string>,
): readonly string[] {
  const lines = [`${scenario.name}: ${scenario.title}`]
  for (const [key, measured] of figures) {
    const rates = measured.map(rateOf)
    const [low, high] = [Math.min(...rates), Math.max(...rates)].map((rate) => rateText(scenario, rate))
    lines.push(
      `  ${(titles.get(key) ?? key).padEnd(28)} ${rateText(scenario, median(rates)).padStart(8)} ${scenario.unit}` +
        `  (${low} to ${high})  ${costText(scenario, measured)}`,
    )
  }
  return [...lines, ...compare(scenario, figures).map((comparison) => comparisonLine(comparison, titles))]
}

function comparisonLine(comparison: Comparison, titles: ReadonlyMap<Key, string>): string {
  const { against, ratio, lowest, highest, target, reached } = comparison
  return (
    `  ${ratio.toFixed(2)}x of ${titles.get(against) ?? against} (${lowest.toFixed(2)} to ${highest.toFixed(2)}), ` +
    `target ${target}x: ${reachedText(reached)}`
  )
}

export function memoryLines(
  figures: ReadonlyMap<Key, MemoryFigures>,
  titles: ReadonlyMap<Key, string>,
): readonly string[] {
  const { name, each, targetMebibytes } = memoryScenario
  const lines = [`${name}: peak resident memory at ${each} pulls and ${each} pushes at once`]
  for (const [key, { serverMebibytes, databaseMebibytes, seconds, megabytesPerSecond }] of figures) {
    const database = databaseMebibytes === 0 ? '' : `, its PostgreSQL ${databaseMebibytes.toFixed(0)} MiB`
    lines.push(
      `  ${(titles.get(key) ?? key).padEnd(28)} ${serverMebibytes.toFixed(0).padStart(8)} MiB${database}` +
        `  (${seconds.toFixed(1)} s, ${megabytesPerSecond.toFixed(0)} MB/s)`,
    )
  }
  const own = figures.get('entrepot')
  if (own !== undefined) {
    lines.push(
      `  target at most ${targetMebibytes} MiB: ${reachedText(own.serverMebibytes <= targetMebibytes)}`,
    )
  }
  return lines
}

/** CPU time of the contender: what it costs, even where another program slowed the run down. */
function costText({ unit }: Scenario, measured: readonly Measured[]): string {
  const cost = median(measured.map(({ cpuSeconds, work }) => cpuSeconds / work))
  return unit === 'MB/s'
    ? `${(cost * 2 ** 30).toFixed(2)} CPU s/GiB`
    : `${(cost * 1e6).toFixed(0)} CPU us each`
}

function rateText({ unit }: Scenario, rate: number): string {
  return (unit === 'MB/s' ? rate / 1e6 : rate).toFixed(0)
}

function reachedText(reached: boolean): string {
  return reached ? 'reached' : 'NOT REACHED'
}
