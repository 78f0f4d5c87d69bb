import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { LauncherError } from './launcher-error.mjs'
import { inProject } from './project.mjs'

const oldest = [24, 11]

/**
 * The Node that runs Entrepot: the one installed with the packages, else the one running this, where it is new enough.
 * @returns {string} its path
 */
export function findNode() {
  const installed = inProject('node_modules', '.bin', process.platform === 'win32' ? 'node.exe' : 'node')
  if (existsSync(installed) && isNewEnough(versionOf(installed))) return installed
  if (isNewEnough(process.versions.node)) return process.execPath
  throw new LauncherError(
    `Node ${oldest.join('.')} or newer is needed, and this is Node ${process.versions.node}. ` +
      `The Node that comes with the packages does not run on ${process.platform} ${process.arch} here: ` +
      `install a newer Node and try again.`,
  )
}

/**
 * @param {string} version such as 26.10.0; empty when it could not be found out
 */
export function isNewEnough(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [oldestMajor = 0, oldestMinor = 0] = oldest
  return major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)
}

/** @param {string} node */
function versionOf(node) {
  const asked = spawnSync(node, ['-p', 'process.versions.node'], { encoding: 'utf8' })
  return asked.status === 0 ? asked.stdout.trim() : ''
}
