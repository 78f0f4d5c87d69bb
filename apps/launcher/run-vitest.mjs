import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { binaryOf } from './project.mjs'
import { run } from './run.mjs'
import { vitestCounts } from './vitest-counts.mjs'

/**
 * Runs one project of the tests, readable on the terminal, and counts.
 * @param {string} node
 * @param {'unit' | 'e2e'} project
 * @param {readonly string[]} filters parts of file names; none for all files
 * @returns {Promise<import('./checks.mjs').Counts>}
 */
export async function runVitest(node, project, filters) {
  const folder = mkdtempSync(join(tmpdir(), 'entrepot-test-'))
  const reportFile = join(folder, 'report.json')
  try {
    const code = await run(node, [
      binaryOf('vitest'),
      'run',
      '--config',
      '.config/vitest.config.mts',
      '--project',
      project,
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${reportFile}`,
      ...filters,
    ])
    return vitestCounts(readReport(reportFile), code)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/**
 * @param {string} file
 * @returns {import('./vitest-counts.mjs').VitestReport | undefined}
 */
function readReport(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    process.stderr.write(`entrepot: vitest left no report: ${String(error)}\n`)
    return undefined
  }
}
