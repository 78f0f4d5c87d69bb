import type { PinoLogger } from '../logging/pino-logger.js'
import type { Server } from './server.js'
import { StartupError } from './startup-error.js'
import type { Terminal } from './terminal.js'

/** What closing may take beyond the grace period before the process ends without it. */
const closingMilliseconds = 20_000

/** Of Node's `process` what decides over its life. */
export interface ProcessControl {
  on(event: string, listener: (reason: unknown) => void): unknown
  exit(code: number): void
}

export interface ServerProcessOptions {
  /** How long a shutdown waits for transfers. */
  readonly graceSeconds: number
  readonly logger: Pick<PinoLogger, 'info' | 'fatal'>
  readonly terminal: Pick<Terminal, 'say'>
}

/** The server as a process: its signals, its faults, its exit code. */
export class ServerProcess {
  /** Aborted by the first request to stop. */
  readonly #stopping = new AbortController()
  /** Aborted by the second: somebody does not want to wait for transfers. */
  readonly #forcing = new AbortController()
  #ending: Promise<void> | undefined

  constructor(
    private readonly server: Pick<Server, 'start' | 'stop' | 'killDatabase'>,
    private readonly options: ServerProcessOptions,
    private readonly control: ProcessControl,
  ) {}

  /** Starts the server; whatever ends it later ends the process as well. */
  async run(): Promise<void> {
    this.control.on('SIGINT', () => this.onStop('SIGINT'))
    this.control.on('SIGTERM', () => this.onStop('SIGTERM'))
    // The launcher was killed: nobody else would stop us, or our PostgreSQL.
    this.control.on('disconnect', () => this.onStop('the end of the launcher'))
    this.control.on('uncaughtException', (error) => this.onFault(error))
    this.control.on('unhandledRejection', (reason) => this.onFault(reason))
    try {
      await this.server.start(this.#stopping.signal)
    } catch (error) {
      if (!this.#stopping.signal.aborted) this.tellFailure(error)
      await this.end(1)
    }
  }

  private onStop(cause: string): void {
    if (this.#stopping.signal.aborted) {
      this.#forcing.abort()
      return
    }
    this.options.logger.info({ cause }, 'shutting down')
    this.#stopping.abort()
    void this.end(0)
  }

  private onFault(error: unknown): void {
    this.options.logger.fatal({ err: error }, 'a fault that nobody handled ends this process')
    this.#stopping.abort()
    this.#forcing.abort()
    void this.end(1)
  }

  /** A StartupError says it all; for anything else a developer wants the stack. */
  private tellFailure(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error)
    const fields = error instanceof StartupError ? { reason } : { err: error }
    this.options.logger.fatal(fields, 'the server can not start')
    this.options.terminal.say(`can not start: ${reason}`)
  }

  /** The first reason to end decides over the exit code. */
  private end(exitCode: number): Promise<void> {
    this.#ending ??= this.stopAndExit(exitCode)
    return this.#ending
  }

  private async stopAndExit(exitCode: number): Promise<void> {
    const watchdog = setTimeout(
      () => this.giveUp(new Error('it takes too long')),
      this.options.graceSeconds * 1000 + closingMilliseconds,
    )
    try {
      await this.server.stop(this.#forcing.signal)
      this.options.logger.info({}, 'stopped')
      this.control.exit(exitCode)
    } catch (error) {
      this.giveUp(error)
    } finally {
      clearTimeout(watchdog)
    }
  }

  private giveUp(error: unknown): void {
    this.options.logger.fatal({ err: error }, 'the shutdown failed: this process ends without it')
    this.server.killDatabase()
    this.control.exit(1)
  }
}
