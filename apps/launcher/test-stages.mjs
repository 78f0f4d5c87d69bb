import { buildServer } from './build-server.mjs'
import { runChecks } from './checks.mjs'
import { findTests, isSlow } from './find-tests.mjs'
import { LauncherError } from './launcher-error.mjs'
import { runVitest } from './run-vitest.mjs'

/**
 * @typedef {import('./checks.mjs').Counts} Counts
 * @typedef {{ name: string, run: () => Promise<Counts> }} Stage
 */

/**
 * From quick to slow. With filters only the tests they name are run, and the build only where those need it.
 * @param {string} node
 * @param {readonly string[]} filters
 * @returns {Stage[]}
 */
export function testStages(node, filters) {
  const filtered = filters.length > 0
  const unit = findTests('unit', filters)
  const e2e = findTests('e2e', filters)
  const quick = e2e.filter((file) => !isSlow(file))
  const slow = e2e.filter(isSlow)
  return [
    ...(filtered ? [] : [{ name: 'check', run: () => runChecks(node) }]),
    ...(unit.length > 0 ? [{ name: 'unit', run: () => runVitest(node, 'unit', filters) }] : []),
    ...(filtered && e2e.length === 0 ? [] : [{ name: 'build', run: () => build(node) }]),
    ...(quick.length > 0 ? [{ name: 'e2e', run: () => runVitest(node, 'e2e', quick) }] : []),
    ...(slow.length > 0 ? [{ name: 'e2e with real clients', run: () => runVitest(node, 'e2e', slow) }] : []),
  ]
}

/**
 * Runs stage after stage up to the first that fails.
 * @param {readonly Stage[]} stages
 * @param {(text: string) => void} [say]
 * @returns {Promise<Counts>}
 */
export async function runStages(stages, say = (text) => void process.stdout.write(text)) {
  const total = { passed: 0, failed: 0, skipped: 0 }
  for (const [index, stage] of stages.entries()) {
    say(`\n=== ${stage.name} ===\n`)
    const counts = await stage.run()
    total.passed += counts.passed
    total.failed += counts.failed
    total.skipped += counts.skipped
    if (counts.failed > 0) {
      const left = stages.slice(index + 1).map(({ name }) => name)
      if (left.length > 0) say(`\nnot run after this failure: ${left.join(', ')}\n`)
      break
    }
  }
  return total
}

/** @param {Counts} counts */
export function summary({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}

/**
 * @param {string} node
 * @returns {Promise<Counts>}
 */
async function build(node) {
  try {
    await buildServer(node)
    return { passed: 1, failed: 0, skipped: 0 }
  } catch (error) {
    if (!(error instanceof LauncherError)) throw error
    process.stderr.write(`entrepot: ${error.message}\n`)
    return { passed: 0, failed: 1, skipped: 0 }
  }
}
