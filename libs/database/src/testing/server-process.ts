import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, symlinkSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { PostgresConnection } from '../postgres-connection.js'
import { temporaryFolder } from './temporary-folder.js'

export interface ServerProcessOptions {
  /** The id of the user to run as; only root may say. */
  readonly user?: number
  /** As on a system where the kernel can't be told to stop PostgreSQL with its parent. */
  readonly withoutGuard?: boolean
}

interface Message {
  readonly error?: string
  readonly connection?: PostgresConnection
  readonly pid?: number
}

/** The embedded PostgreSQL under a Node process of its own, which a test can kill. */
export class ServerProcess {
  private constructor(
    private readonly child: ChildProcess,
    readonly connection: PostgresConnection,
    readonly postgresPid: number,
  ) {}

  static canGuard(): boolean {
    return spawnSync('setpriv', ['--pdeathsig', 'INT', '--', 'true']).status === 0
  }

  /** @throws with what the process says when it does not come up */
  static async start(dataDir: string, options: ServerProcessOptions = {}): Promise<ServerProcess> {
    const { user } = options
    const loader = new URL('typescript-loader.mjs', import.meta.url).href
    const script = fileURLToPath(new URL('embedded-server.ts', import.meta.url))
    const child = spawn(process.execPath, ['--import', loader, script, dataDir], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, ...(options.withoutGuard === true ? { PATH: pathWithoutGuard() } : {}) },
      ...(user === undefined ? {} : { uid: user, gid: user }),
    })
    for await (const line of createInterface(child.stdout)) {
      const message = JSON.parse(line) as Message
      if (message.error !== undefined) throw new Error(message.error)
      if (message.connection !== undefined) {
        return new ServerProcess(child, message.connection, message.pid ?? 0)
      }
    }
    throw new Error('the server process ended without a word')
  }

  /** `kill -9`. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL')
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'exit')
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return
    this.child.stdin?.end()
    await once(this.child, 'exit')
  }
}

function pathWithoutGuard(): string {
  const folder = temporaryFolder()
  const path = (process.env['PATH'] ?? '').split(delimiter)
  for (const program of ['unshare', 'true']) {
    const found = path.map((entry) => join(entry, program)).find((file) => existsSync(file))
    if (found !== undefined) symlinkSync(found, join(folder, program))
  }
  return folder
}
