import { execFile } from 'node:child_process'
import { access, constants, mkdir } from 'node:fs/promises'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'

const runFile = promisify(execFile)

const module = 'github.com/distribution/distribution/v3/cmd/registry@latest'
const installMilliseconds = 900_000

export interface FoundProgram {
  readonly command: string
  /** What it says of itself, such as `v3.1.2+unknown`. */
  readonly version: string
}

/**
 * Distribution 3.1, compiled by Go into a cache outside the repository, once.
 * @throws Error why it can't be had
 */
export async function findDistribution31(say: (text: string) => void): Promise<FoundProgram> {
  const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'entrepot-bench')
  const command = join(cache, 'registry')
  if (!(await isExecutable(command))) {
    say('compiling Distribution 3.1, once, which takes minutes ...')
    await mkdir(cache, { recursive: true })
    const env = { ...process.env, GOBIN: cache, PATH: `${process.env['PATH']}${delimiter}/usr/local/go/bin` }
    await runFile('go', ['install', module], { env, timeout: installMilliseconds })
  }
  return { command, version: await versionOf(command) }
}

/** Debian's package. @throws Error when it is not installed */
export async function findDistribution28(): Promise<FoundProgram> {
  const command = '/usr/bin/docker-registry'
  if (!(await isExecutable(command))) throw new Error('the package docker-registry is not installed')
  return { command, version: await versionOf(command) }
}

async function versionOf(command: string): Promise<string> {
  const { stdout } = await runFile(command, ['--version'])
  return stdout.trim().split(' ').at(-1) ?? ''
}

function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  )
}
