#!/usr/bin/env node
import { buildServer } from './build-server.mjs'
import { findNode } from './find-node.mjs'
import { installPackages } from './install-packages.mjs'
import { launch, LauncherError } from './launcher-error.mjs'
import { binaryOf, inProject } from './project.mjs'
import { run } from './run.mjs'

await launch(async () => {
  await installPackages()
  const node = findNode()
  await buildServer(node)
  const built = await run(node, [binaryOf('typescript', 'tsc'), '-p', inProject('apps', 'bench')])
  if (built !== 0) throw new LauncherError('the benchmark could not be built, see above', built)
  return run(node, [inProject('dist', 'bench', 'main.js'), ...process.argv.slice(2)])
})
