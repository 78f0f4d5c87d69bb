import { accessSync, constants, existsSync } from 'node:fs'
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
  | 'tinyproxy'
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
 * with CI=true a missing part is a failure, so that a green run never means "not tried". The one exception is what the
 * Go module proxy refuses to hand out.
 */
export function requirePart(...parts: readonly Part[]): boolean {
  const missing = parts.filter((part) => !isPresent(part))
  if (missing.length === 0) return true
  const refused = missing.every(isRefused)
  const message = `not on this machine: ${missing.join(', ')}${refused ? ', refused by the Go module proxy' : ''}`
  if (process.env['CI'] === 'true' && !refused)
    throw new Error(`${message} (with CI=true a missing part is a failure)`)
  process.stderr.write(`SKIPPED, ${message}\n`)
  return false
}

/** Written down by .ci/conformance.sh: what the proxy refuses to everybody can't be a condition of a green run. */
function isRefused(part: Part): boolean {
  return part.startsWith('conformance') && existsSync(join(cache, 'conformance-refused'))
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
