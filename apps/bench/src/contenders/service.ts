import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { open, readFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

export interface ServiceOptions {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  /** The whole environment: nothing of this process's own gets through. */
  readonly environment: NodeJS.ProcessEnv
  readonly folder: string
  /** Answers 2xx, or 401, once the server serves. */
  readonly readyUrl: string
}

const startMilliseconds = 120_000
const stopMilliseconds = 30_000

const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** A server that this run has started, stopped by its own process id. */
export class Service {
  #startFailure: Error | undefined

  private constructor(
    private readonly name: string,
    private readonly child: ChildProcess,
    private readonly logFile: string,
  ) {
    child.once('error', (error) => (this.#startFailure = error))
    running.add(child)
    child.once('exit', () => running.delete(child))
  }

  static async start(options: ServiceOptions): Promise<Service> {
    const { name, folder } = options
    const logFile = join(folder, `${name}.log`)
    // A file and no pipe: reading what a contender logs would cost this process time that the contender pays for.
    const log = await open(logFile, 'w')
    const child = spawn(options.command, options.args, {
      cwd: folder,
      env: options.environment,
      stdio: ['ignore', log.fd, log.fd],
    })
    const service = new Service(name, child, logFile)
    await log.close()
    await service.ready(options.readyUrl)
    return service
  }

  get pid(): number {
    return this.child.pid ?? 0
  }

  get hasEnded(): boolean {
    return this.child.pid === undefined || this.child.exitCode !== null || this.child.signalCode !== null
  }

  /** @throws Error with the end of its log when it has ended by itself */
  async requireRunning(): Promise<void> {
    if (!this.hasEnded) return
    const text = `${this.name} has ended; its log says:\n${await this.logEnd()}`
    throw new Error(text, { cause: this.#startFailure })
  }

  async stop(): Promise<void> {
    if (this.hasEnded) return
    const ended = once(this.child, 'exit')
    this.child.kill('SIGTERM')
    const isInTime = await Promise.race([
      ended.then(() => true),
      delay(stopMilliseconds, false, { ref: false }),
    ])
    if (isInTime) return
    this.child.kill('SIGKILL')
    await ended
  }

  private async ready(url: string): Promise<void> {
    const until = performance.now() + startMilliseconds
    while (performance.now() < until) {
      await this.requireRunning()
      const status = await statusOf(url)
      if (status === 401 || (status !== undefined && status < 300)) return
      await delay(50)
    }
    await this.stop()
    throw new Error(`${this.name} did not start; its log says:\n${await this.logEnd()}`, {
      cause: this.#startFailure,
    })
  }

  private async logEnd(): Promise<string> {
    return (await readFile(this.logFile, 'utf8').catch(() => '')).slice(-3000)
  }
}

async function statusOf(url: string): Promise<number | undefined> {
  try {
    const response = await fetch(url)
    await response.body?.cancel()
    return response.status
  } catch {
    return undefined
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
