import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { LauncherError } from './launcher-error.mjs'
import { inProject } from './project.mjs'
import { run } from './run.mjs'
import { withProgress } from './with-progress.mjs'

/**
 * @typedef {{ version?: string, optional?: boolean, link?: boolean }} LockedPackage
 * @typedef {{ packages?: Record<string, LockedPackage> }} Lock
 */

const lockFile = inProject('package-lock.json')
const installedLockFile = inProject('node_modules', '.package-lock.json')
const stampFile = inProject('node_modules', '.entrepot-lock')

/** Makes node_modules what package-lock.json says; does nothing when it is that already. */
export async function installPackages() {
  const stamp = createHash('sha256').update(readFileSync(lockFile)).digest('hex')
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8').trim() === stamp) return
  if (!wasInstalledByHand()) await install()
  writeStamp(stamp)
}

async function install() {
  const because = existsSync(inProject('node_modules'))
    ? 'package-lock.json has changed'
    : 'first start only, this takes a minute'
  const options = ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error']
  const code = await withProgress(`installing packages (${because})`, () => run(...npm(options)))
  if (code !== 0) {
    throw new LauncherError(`the packages could not be installed: npm ci ended with ${code}, see above`, code)
  }
}

/** Whether `npm ci` or `npm install` has put everything there before the launcher was ever used. */
function wasInstalledByHand() {
  if (!existsSync(installedLockFile)) return false
  return satisfies(readLock(lockFile), readLock(installedLockFile))
}

/**
 * Packages for other platforms are missing by design; any other difference counts.
 * @param {Lock} wanted
 * @param {Lock} installed
 */
export function satisfies(wanted, installed) {
  return Object.entries(wanted.packages ?? {}).every(([path, { version, optional }]) => {
    if (path === '') return true
    const found = installed.packages?.[path]
    return found === undefined ? optional === true : found.version === version
  })
}

/**
 * @param {string} file
 * @returns {Lock}
 */
function readLock(file) {
  return JSON.parse(readFileSync(file, 'utf8'))
}

/** @param {string} stamp */
function writeStamp(stamp) {
  try {
    writeFileSync(stampFile, `${stamp}\n`)
  } catch (error) {
    // Packages that belong to somebody else are as good; without the stamp the next start compares again.
    if (!['EACCES', 'EPERM', 'EROFS'].includes(/** @type {NodeJS.ErrnoException} */ (error).code ?? ''))
      throw error
  }
}

/**
 * The npm that runs this, by the Node that it runs on: the one in node_modules is about to be replaced.
 * @param {string[]} args
 * @returns {[string, string[]]}
 */
function npm(args) {
  const script = process.env['npm_execpath']
  const node = process.env['npm_node_execpath'] ?? process.execPath
  return script !== undefined && basename(script) === 'npm-cli.js' ? [node, [script, ...args]] : ['npm', args]
}
