import { describe, expect, it } from 'vitest'
import type { Measured } from './bench.js'
import type { Contender } from './contenders/contender.js'
import { compare, memoryLines, scenarioLines } from './report.js'
import { manifestScenarios } from './scenarios/manifest-scenarios.js'
import type { Scenario } from './scenarios/scenario.js'

const scenario: Scenario = {
  name: 'pull',
  title: 'pull',
  unit: 'requests/s',
  targets: { 'distribution-3.1': 1.2, 'distribution-2.8': 1.2 },
  warmUp: false,
  measure: () => Promise.reject(new Error('not measured here')),
}

const requests = (...rates: number[]): readonly Measured[] =>
  rates.map((work) => ({ work, seconds: 1, cpuSeconds: 0.5 }))

describe('compare', () => {
  it('takes the median of the ratios of each round, not the ratio of two medians', () => {
    const figures = new Map<Contender['key'], readonly Measured[]>([
      ['entrepot', requests(100, 200, 900)],
      ['distribution-3.1', requests(50, 200, 300)],
    ])
    expect(compare(scenario, figures)).toEqual([
      { against: 'distribution-3.1', ratio: 2, lowest: 1, highest: 3, target: 1.2, reached: true },
    ])
  })

  it('compares with nobody who is missing', () => {
    expect(compare(scenario, new Map([['entrepot', requests(1)]]))).toEqual([])
    expect(compare(scenario, new Map([['distribution-3.1', requests(1)]]))).toEqual([])
  })
})

describe('the report', () => {
  const titles = new Map<Contender['key'], string>([
    ['entrepot', 'Entrepot'],
    ['distribution-3.1', 'Distribution'],
  ])

  it('says of each target whether it was reached', () => {
    const [manifests] = manifestScenarios
    if (manifests === undefined) throw new Error('no scenario')
    const figures = new Map<Contender['key'], readonly Measured[]>([
      ['entrepot', requests(90)],
      ['distribution-3.1', requests(100)],
    ])
    const lines = scenarioLines(manifests, figures, titles).join('\n')
    expect(lines).toContain('0.90x of Distribution (0.90 to 0.90), target 1x: NOT REACHED')
    expect(lines).toMatch(/Entrepot +90 requests\/s/)
  })

  it('judges the memory of the server without its database', () => {
    const figures = { serverMebibytes: 349, databaseMebibytes: 80, seconds: 10, megabytesPerSecond: 1000 }
    const lines = memoryLines(new Map([['entrepot', figures]]), titles).join('\n')
    expect(lines).toContain('349 MiB, its PostgreSQL 80 MiB')
    expect(lines).toContain('target at most 350 MiB: reached')
  })
})
