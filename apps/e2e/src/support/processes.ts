import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { eventually } from './workplace.js'

export interface Finished {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly env?: NodeJS.ProcessEnv
  readonly cwd?: string
  readonly input?: string | Buffer
  readonly timeoutMs?: number
}

/** Runs a program to its end. One that outlives `timeoutMs` (60 s) is killed and its code is null. */
export async function run(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Finished> {
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: options.env ?? process.env,
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: options.timeoutMs ?? 60_000,
    killSignal: 'SIGKILL',
  })
  const stdout = collect(child.stdout)
  const stderr = collect(child.stderr)
  // A program that stops reading early reports itself by its exit code.
  child.stdin.on('error', () => undefined)
  child.stdin.end(options.input)
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, stdout: stdout(), stderr: stderr() }
}

/** Runs a program that must succeed, and gives what it printed; otherwise throws all it said. */
export async function succeed(
  command: string,
  args: readonly string[],
  options?: RunOptions,
): Promise<string> {
  const finished = await run(command, args, options)
  if (finished.code !== 0) throw new Error(`${command} ${args.join(' ')}\n${describe(finished)}`)
  return finished.stdout
}

/** Runs a program that must fail, and gives all it said; throws when it succeeds. */
export async function fail(command: string, args: readonly string[], options?: RunOptions): Promise<string> {
  const finished = await run(command, args, options)
  if (finished.code === 0)
    throw new Error(`expected a failure: ${command} ${args.join(' ')}\n${describe(finished)}`)
  if (finished.code === null) throw new Error(`hung: ${command} ${args.join(' ')}\n${describe(finished)}`)
  return `${finished.stdout}\n${finished.stderr}`
}

export interface ServiceOptions {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  readonly env?: NodeJS.ProcessEnv
  readonly cwd?: string
  readonly ready: () => Promise<boolean> | boolean
  readonly readyWithinMs?: number
}

const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** A daemon of the tests' own: started when `ready` says so, stopped by its own pid. */
export class Service {
  private constructor(
    private readonly options: ServiceOptions,
    private readonly child: ChildProcess,
    readonly output: () => string,
  ) {}

  static async start(options: ServiceOptions): Promise<Service> {
    const child = spawn(options.command, options.args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    running.add(child)
    let spawnError: Error | undefined
    child.once('error', (error) => (spawnError = error))
    child.once('exit', () => running.delete(child))
    const output = collect(child.stdout, child.stderr)
    const service = new Service(options, child, output)
    try {
      await eventually(
        `${options.name} is ready`,
        async () => service.hasExited || spawnError !== undefined || (await options.ready()),
        options.readyWithinMs ?? 30_000,
      )
      if (service.hasExited || spawnError !== undefined)
        throw new Error(`${options.name} ended while starting`, { cause: spawnError })
    } catch (error) {
      child.kill('SIGKILL')
      throw new Error(`${(error as Error).message}; it said:\n${output().slice(-4000)}`, { cause: error })
    }
    return service
  }

  get pid(): number {
    return this.child.pid ?? 0
  }

  get hasExited(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null
  }

  /** SIGTERM, then waits; a service that doesn't go within `withinMs` is killed, and that is an error. */
  async stop(withinMs = 20_000): Promise<number | null> {
    if (this.hasExited) return this.child.exitCode
    this.child.kill('SIGTERM')
    try {
      await eventually('the end', () => this.hasExited, withinMs)
    } catch (error) {
      await this.kill()
      throw new Error(
        `${this.options.name} ignored SIGTERM for ${withinMs} ms; it said:\n${this.output().slice(-4000)}`,
        { cause: error },
      )
    }
    return this.child.exitCode
  }

  async kill(): Promise<void> {
    if (this.hasExited) return
    const gone = once(this.child, 'exit')
    this.child.kill('SIGKILL')
    await gone
  }
}

function describe({ code, stdout, stderr }: Finished): string {
  return `exit ${code ?? 'by time-out'}\n--- stdout\n${stdout.slice(-3000)}\n--- stderr\n${stderr.slice(-3000)}`
}

function collect(...streams: (NodeJS.ReadableStream | null)[]): () => string {
  const chunks: Buffer[] = []
  for (const stream of streams) stream?.on('data', (chunk: Buffer) => chunks.push(chunk))
  return () => Buffer.concat(chunks).toString('utf8')
}
