/**
 * @typedef {import('./checks.mjs').Counts} Counts
 * @typedef {{ status: string, assertionResults: { status: string }[] }} FileResult
 * @typedef {{ testResults: FileResult[] }} VitestReport vitest's JSON reporter
 */

/**
 * What a run of vitest counts as. Whatever fails outside a test, such as a file that can't be loaded, a hook, or a
 * rejection that nobody awaited, counts as one failure: a run that exits with an error never counts as passed.
 * @param {VitestReport | undefined} report undefined when vitest ended before it could write one
 * @param {number} exitCode
 * @returns {Counts}
 */
export function vitestCounts(report, exitCode) {
  const counts = { passed: 0, failed: 0, skipped: 0 }
  for (const file of report?.testResults ?? []) {
    const failedBefore = counts.failed
    for (const { status } of file.assertionResults) {
      if (status === 'passed') counts.passed += 1
      else if (status === 'failed') counts.failed += 1
      else counts.skipped += 1
    }
    if (file.status === 'failed' && counts.failed === failedBefore) counts.failed += 1
  }
  if (exitCode !== 0 && counts.failed === 0) counts.failed = 1
  return counts
}
