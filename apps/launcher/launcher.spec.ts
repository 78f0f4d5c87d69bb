import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

interface Counts {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

interface Launcher {
  isNewEnough(version: string): boolean
  satisfies(wanted: object, installed: object): boolean
  hashOfSources(folder: string): string
  vitestCounts(report: object | undefined, exitCode: number): Counts
  summary(counts: Counts): string
  runStages(
    stages: readonly { name: string; run: () => Promise<Counts> }[],
    say: (text: string) => void,
  ): Promise<Counts>
  findTests(project: 'unit' | 'e2e', filters: readonly string[]): readonly string[]
}

// Plain scripts, which run before a compiler is there: their types are told here.
const { isNewEnough, satisfies, hashOfSources, vitestCounts, summary, runStages, findTests } = await scripts(
  'find-node',
  'install-packages',
  'build-server',
  'vitest-counts',
  'test-stages',
  'find-tests',
)

async function scripts(...names: readonly string[]): Promise<Launcher> {
  const modules = await Promise.all(names.map((name) => import(`${import.meta.dirname}/${name}.mjs`)))
  return Object.assign({}, ...modules) as Launcher
}

describe('finding a Node', () => {
  it.each([
    ['26.10.0', true],
    ['24.11.0', true],
    ['24.10.9', false],
    ['20.20.2', false],
    ['', false],
  ])('judges %s: %s', (version, enough) => {
    expect(isNewEnough(version)).toBe(enough)
  })
})

describe('installing packages', () => {
  const lock = (packages: object) => ({ packages: { '': { name: 'entrepot' }, ...packages } })

  it('is not needed when everything locked is there', () => {
    const wanted = lock({ 'node_modules/a': { version: '1.0.0' } })
    expect(satisfies(wanted, lock({ 'node_modules/a': { version: '1.0.0' } }))).toBe(true)
  })

  it('is not needed for what is meant for another platform', () => {
    const wanted = lock({ 'node_modules/a-darwin': { version: '1.0.0', optional: true } })
    expect(satisfies(wanted, lock({}))).toBe(true)
  })

  it('is needed for a missing package and for another version', () => {
    const wanted = lock({ 'node_modules/a': { version: '1.0.0' } })
    expect(satisfies(wanted, lock({}))).toBe(false)
    expect(satisfies(wanted, lock({ 'node_modules/a': { version: '1.0.1' } }))).toBe(false)
  })
})

describe('building', () => {
  let folder: string
  const write = (file: string, text: string): void => {
    mkdirSync(join(folder, file, '..'), { recursive: true })
    writeFileSync(join(folder, file), text)
  }
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'entrepot-sources-'))
    for (const file of ['package-lock.json', 'nest-cli.json', 'tsconfig.base.json']) write(file, '{}')
    for (const file of ['apps/server/src/main.ts', 'libs/kernel/src/clock.ts', 'migrations/index.ts']) {
      write(file, 'export {}')
    }
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  it('is needed after a source was changed, added or moved', () => {
    const before = hashOfSources(folder)
    expect(hashOfSources(folder)).toBe(before)
    write('libs/kernel/src/clock.ts', 'export const x = 1')
    const changed = hashOfSources(folder)
    write('libs/kernel/src/digest.ts', 'export const x = 1')
    const added = hashOfSources(folder)
    rmSync(join(folder, 'libs/kernel/src/digest.ts'))
    write('libs/kernel/src/hash.ts', 'export const x = 1')
    expect(new Set([before, changed, added, hashOfSources(folder)]).size).toBe(4)
  })

  it('is not needed after a test was changed', () => {
    const before = hashOfSources(folder)
    write('libs/kernel/src/clock.spec.ts', 'export {}')
    write('libs/kernel/src/testing/index.ts', 'export {}')
    expect(hashOfSources(folder)).toBe(before)
  })
})

describe('counting tests', () => {
  const file = (status: string, ...results: string[]) => ({
    status,
    assertionResults: results.map((status) => ({ status })),
  })

  it('counts what passed, failed and was left out', () => {
    const testResults = [
      file('passed', 'passed', 'passed', 'skipped', 'todo', 'pending'),
      file('failed', 'failed', 'passed'),
    ]
    expect(vitestCounts({ testResults }, 1)).toEqual({ passed: 3, failed: 1, skipped: 3 })
  })

  it('counts a file that could not be loaded as a failure', () => {
    expect(vitestCounts({ testResults: [file('failed'), file('failed', 'skipped')] }, 1).failed).toBe(2)
  })

  it('counts a run that ended with an error, or left no report, as a failure', () => {
    expect(vitestCounts({ testResults: [file('passed', 'passed')] }, 1)).toMatchObject({
      passed: 1,
      failed: 1,
    })
    expect(vitestCounts(undefined, 139).failed).toBe(1)
  })

  it('says it in one line', () => {
    expect(summary({ passed: 7, failed: 0, skipped: 0 })).toBe('7 passed, 0 failed')
    expect(summary({ passed: 7, failed: 1, skipped: 2 })).toBe('7 passed, 1 failed, 2 skipped')
  })

  it('stops at the first stage that fails, and adds up', async () => {
    const ran: string[] = []
    const stage = (name: string, failed: number) => ({
      name,
      run: async () => {
        ran.push(name)
        return { passed: 2, failed, skipped: 1 }
      },
    })
    const said: string[] = []
    const stages = [stage('check', 0), stage('unit', 1), stage('build', 0)]
    const total = await runStages(stages, (text) => void said.push(text))
    expect(ran).toEqual(['check', 'unit'])
    expect(total).toEqual({ passed: 4, failed: 1, skipped: 2 })
    expect(said.join('')).toContain('not run after this failure: build')
  })
})

describe('finding tests', () => {
  it('keeps to the filter', () => {
    expect(findTests('unit', ['apps/launcher/launcher'])).toEqual(['apps/launcher/launcher.spec.ts'])
    expect(findTests('unit', ['no such file'])).toEqual([])
  })

  it('puts those that drive real clients last', () => {
    const files = findTests('e2e', [])
    const firstSlow = files.findIndex((file) => file.includes('/clients/'))
    expect(firstSlow).toBeGreaterThan(0)
    expect(files.slice(firstSlow).every((file) => /\/(clients|conformance)\//.test(file))).toBe(true)
  })
})
