#!/usr/bin/env node
import { buildServer } from './build-server.mjs'
import { findNode } from './find-node.mjs'
import { installPackages } from './install-packages.mjs'
import { launch } from './launcher-error.mjs'
import { serverEntry } from './project.mjs'
import { supervise } from './supervise.mjs'

await launch(async () => {
  await installPackages()
  const node = findNode()
  await buildServer(node)
  return supervise(node, [serverEntry, ...process.argv.slice(2)])
})
