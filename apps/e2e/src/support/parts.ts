import { accessSync, constants } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'

const cache = process.env['ENTREPOT_E2E_CACHE'] ?? join(homedir(), '.cache', 'entrepot-e2e')

// Daemons live in sbin, which an ordinary user's PATH leaves out on Debian.
const folders = [
  ...(process.env['PATH'] ?? '').split(delimiter),
  '/usr/local/sbin',
  '/usr/sbin',
  '/sbin',
  cache,
].filter((folder) => folder !== '')

/** A program the tests drive, or `root`: the right to run a container daemon. */
export type Part =
  | 'root'
  | 'docker'
  | 'dockerd'
  | 'docker-registry'
  | 'podman'
  | 'skopeo'
  | 'buildah'
  | 'ctr'
  | 'containerd'
  | 'conformance'
  | 'conformance-v1.1.1.test'

/** The full path of a program, or undefined where it is not installed. */
export function findProgram(name: string): string | undefined {
  return folders.map((folder) => join(folder, name)).find(isExecutable)
}

/** The full path of a program that `requirePart` has let through. */
export function program(name: Exclude<Part, 'root'>): string {
  const path = findProgram(name)
  if (path === undefined) throw new Error(`${name} is not installed (.ci/packages.sh, .ci/conformance.sh)`)
  return path
}

/**
 * Whether all these parts are on this machine. Where one is missing the tests are skipped and say so;
 * with CI=true a missing part is a failure, so that a green run never means "not tried".
 */
export function requirePart(...parts: readonly Part[]): boolean {
  const missing = parts.filter((part) => !isPresent(part))
  if (missing.length === 0) return true
  const message = `not on this machine: ${missing.join(', ')}`
  if (process.env['CI'] === 'true') throw new Error(`${message} (with CI=true a missing part is a failure)`)
  process.stderr.write(`SKIPPED, ${message}\n`)
  return false
}

function isPresent(part: Part): boolean {
  return part === 'root' ? process.getuid?.() === 0 : findProgram(part) !== undefined
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
