import { readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of package.json, whatever the clone is called and wherever the command was typed. */
export const root = fileURLToPath(new URL('../..', import.meta.url))

export const serverEntry = join(root, 'dist', 'apps', 'server', 'src', 'main.js')

/** @param {string[]} parts */
export function inProject(...parts) {
  return join(root, ...parts)
}

/**
 * The script behind a command of an installed package: run by the right Node, without a shell, on every platform.
 * @param {string} packageName
 * @param {string} [command]
 */
export function binaryOf(packageName, command = packageName) {
  const folder = inProject('node_modules', packageName)
  const { bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  return join(folder, typeof bin === 'string' ? bin : bin[command])
}

/** The environment in which `#!/usr/bin/env node` means the Node that was installed with the packages. */
export function environment() {
  const path = [inProject('node_modules', '.bin'), process.env['PATH'] ?? ''].join(delimiter)
  return { ...process.env, PATH: path }
}
