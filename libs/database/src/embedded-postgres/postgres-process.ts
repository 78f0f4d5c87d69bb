import { type ChildProcess, spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { createInterface } from 'node:readline'
import { Client } from 'pg'
import type { PostgresConnection } from '../postgres-connection.js'

const keptLines = 40
const pollMilliseconds = 20
/** Replaying the log after a crash can take minutes on a slow disk. */
const readyLimitMilliseconds = 10 * 60_000
const stillStartingMilliseconds = 10_000

/** A running `postgres` and what it says. It is in a session of its own, so a Ctrl-C reaches only us. */
export class PostgresProcess {
  /** Resolves with what happened, in words, when the process has ended or could not be started. */
  readonly exited: Promise<string>
  #lines: string[] = []
  #ended: string | undefined

  private constructor(private readonly child: ChildProcess) {
    this.exited = new Promise((resolve) => {
      const end = (reason: string) => {
        this.#ended ??= reason
        resolve(this.#ended)
      }
      child.once('error', (error) => end(error.message))
      child.once('close', (code, signal) => end(signal === null ? `exit code ${code}` : signal))
    })
    if (child.stderr !== null) createInterface(child.stderr).on('line', (line) => this.keep(line))
  }

  static start(command: readonly string[]): PostgresProcess {
    const [program = '', ...args] = command
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], detached: true })
    return new PostgresProcess(child)
  }

  get pid(): number | undefined {
    return this.child.pid
  }

  /** The last lines of its log. */
  get output(): string {
    return this.#lines.join('\n')
  }

  /** Lets this Node process end while PostgreSQL runs. */
  unref(): void {
    this.child.unref()
    const stderr = this.child.stderr as { unref?: () => void } | null
    stderr?.unref?.()
  }

  /** Waits until it answers. @throws with its last lines when it ends before that */
  async ready(connection: PostgresConnection, onProgress: (text: string) => void): Promise<void> {
    for (let waited = 0; waited < readyLimitMilliseconds; waited += pollMilliseconds) {
      if (this.#ended !== undefined) throw new Error(`PostgreSQL ended (${this.#ended}): ${this.output}`)
      if (await answers(connection)) return
      await Promise.race([sleep(pollMilliseconds), this.exited])
      if (waited > 0 && waited % stillStartingMilliseconds === 0) {
        onProgress(`PostgreSQL is still starting: ${this.#lines.at(-1) ?? 'no word from it yet'}`)
      }
    }
    throw new Error(`PostgreSQL did not come up: ${this.output}`)
  }

  /**
   * A fast shutdown (clients are cut off, nothing is lost); an immediate one after `limitMilliseconds`, which makes the
   * next start replay the log; the kernel's after as long again.
   */
  async stop(limitMilliseconds: number): Promise<void> {
    for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
      if (this.#ended !== undefined) return
      this.child.kill(signal)
      const timeout = new AbortController()
      await Promise.race([
        this.exited,
        sleep(limitMilliseconds, undefined, { signal: timeout.signal }).catch(() => undefined),
      ])
      timeout.abort()
    }
    await this.exited
  }

  /** For a process that is about to end and can't wait. */
  killNow(): void {
    if (this.#ended === undefined) this.child.kill('SIGQUIT')
  }

  private keep(line: string): void {
    this.#lines.push(line)
    if (this.#lines.length > keptLines) this.#lines.shift()
  }
}

async function answers(connection: PostgresConnection): Promise<boolean> {
  const client = new Client({ ...connection, database: 'postgres', connectionTimeoutMillis: 2000 })
  client.on('error', () => undefined)
  try {
    await client.connect()
    return true
  } catch {
    // Every reason means "not yet": no socket file, nobody listening, "the database system is starting up".
    return false
  } finally {
    await client.end().catch(() => undefined)
  }
}
