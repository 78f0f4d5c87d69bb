#!/usr/bin/env node
import { findNode } from './find-node.mjs'
import { installPackages } from './install-packages.mjs'
import { launch } from './launcher-error.mjs'
import { runStages, summary, testStages } from './test-stages.mjs'

await launch(async () => {
  await installPackages()
  const counts = await runStages(testStages(findNode(), process.argv.slice(2)))
  const ran = counts.passed + counts.failed
  if (ran === 0) process.stderr.write('entrepot: no test was run\n')
  process.stdout.write(`\n${summary(counts)}\n`)
  return counts.failed === 0 && ran > 0 ? 0 : 1
})
