#!/usr/bin/env node
import { runChecks } from './checks.mjs'
import { findNode } from './find-node.mjs'
import { installPackages } from './install-packages.mjs'
import { launch } from './launcher-error.mjs'

await launch(async () => {
  await installPackages()
  const { failed } = await runChecks(findNode())
  return failed === 0 ? 0 : 1
})
