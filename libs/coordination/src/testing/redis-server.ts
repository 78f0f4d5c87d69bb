import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { createConnection } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

/**
 * Whether a real Redis can be started. Where it can't, the tests that need it say so and are skipped; with CI=true that
 * is a failure.
 */
export function requireRedis(): boolean {
  if (spawnSync('redis-server', ['--version']).status === 0) return true
  if (process.env['CI'] === 'true')
    throw new Error('redis-server is not installed, and CI=true asks for everything')
  process.stderr.write('SKIPPED: redis-server is not installed (Debian: apt-get install redis-server)\n')
  return false
}

/** A real Redis of the test's own, on a Unix socket: no port to clash. */
export class RedisServer {
  private child: ChildProcess | undefined

  private constructor(private readonly folder: string) {}

  static async start(): Promise<RedisServer> {
    const server = new RedisServer(await mkdtemp(join(tmpdir(), 'entrepot-redis-')))
    await server.start()
    return server
  }

  get url(): string {
    return join(this.folder, 'redis.sock')
  }

  async start(): Promise<void> {
    const options = ['--port', '0', '--unixsocket', this.url, '--save', '', '--dir', this.folder]
    this.child = spawn('redis-server', options, { stdio: 'ignore' })
    while (!(await this.answers())) await delay(20)
  }

  private async answers(): Promise<boolean> {
    const socket = createConnection(this.url)
    try {
      await once(socket, 'connect')
      return true
    } catch (error) {
      if (this.child?.exitCode !== null) throw error
      return false
    } finally {
      socket.destroy()
    }
  }

  /** At once, as a crash does. */
  async kill(): Promise<void> {
    if (this.child === undefined || this.child.exitCode !== null) return
    const gone = once(this.child, 'exit')
    this.child.kill('SIGKILL')
    await gone
    this.child = undefined
  }

  async stop(): Promise<void> {
    await this.kill()
    await rm(this.folder, { recursive: true, force: true })
  }
}
