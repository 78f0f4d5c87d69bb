import { binaryOf } from './project.mjs'
import { run } from './run.mjs'

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */

const sources = ['apps', 'libs', 'migrations']

/** @returns {{ name: string, command: string[] }[]} */
function checks() {
  const prettier = ['--config', '.config/prettier.json', '--ignore-path', '.config/prettierignore']
  return [
    { name: 'types', command: [binaryOf('typescript', 'tsc'), '-p', '.config/tsconfig.check.json'] },
    { name: 'types of the launcher', command: [binaryOf('typescript', 'tsc'), '-p', 'apps/launcher'] },
    { name: 'lint', command: [binaryOf('oxlint'), '-c', '.config/oxlint.json', '--type-aware', ...sources] },
    { name: 'format', command: [binaryOf('prettier'), ...prettier, '--check', '--log-level', 'warn', '.'] },
    {
      name: 'dependency rule',
      command: [
        binaryOf('dependency-cruiser', 'depcruise'),
        '--config',
        '.config/dependency-cruiser.mjs',
        ...sources,
      ],
    },
  ]
}

/**
 * Runs all checks, also after one has failed, and says how each went.
 * @param {string} node
 * @returns {Promise<Counts>}
 */
export async function runChecks(node) {
  const counts = { passed: 0, failed: 0, skipped: 0 }
  for (const { name, command } of checks()) {
    const started = performance.now()
    const code = await run(node, command, { quiet: true })
    const seconds = ((performance.now() - started) / 1000).toFixed(1)
    process.stdout.write(`check: ${name} ${code === 0 ? 'ok' : 'FAILED'} (${seconds} s)\n`)
    counts[code === 0 ? 'passed' : 'failed'] += 1
  }
  return counts
}
