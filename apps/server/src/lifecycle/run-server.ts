import { PinoLogger } from '../logging/pino-logger.js'
import { type LoadedSettings, loadSettings } from '../settings/load-settings.js'
import { SettingsError } from '../settings/settings-error.js'
import { Server } from './server.js'
import { StartupError } from './startup-error.js'
import { Terminal } from './terminal.js'

/** EX_CONFIG of sysexits.h: starting again changes nothing. */
const configurationExitCode = 78

/** What closing may take beyond the grace period before the process ends without it. */
const closingMilliseconds = 20_000

/** Runs the server until a signal, or the end of the launcher, stops it; the process ends with its exit code. */
export async function runServer(): Promise<void> {
  const terminal = new Terminal(process.stderr)
  const loaded = settingsOrExit(terminal)
  const logger = PinoLogger.create(loaded.settings.logLevel)
  for (const warning of loaded.warnings) logger.warn({}, warning)
  await new ServerProcess(new Server(loaded.settings, logger, terminal), loaded, logger, terminal).run()
}

function settingsOrExit(terminal: Terminal): LoadedSettings {
  try {
    return loadSettings(process.env)
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error
    terminal.say(error.message)
    process.exit(configurationExitCode)
  }
}

/** The server as a process: its signals, its faults, its exit code. */
class ServerProcess {
  /** Aborted by the first request to stop. */
  readonly #stopping = new AbortController()
  /** Aborted by the second: nobody wants to wait for transfers. */
  readonly #forcing = new AbortController()
  #ended: Promise<void> | undefined

  constructor(
    private readonly server: Server,
    private readonly loaded: LoadedSettings,
    private readonly logger: PinoLogger,
    private readonly terminal: Terminal,
  ) {}

  async run(): Promise<void> {
    process.on('SIGINT', () => this.onSignal('SIGINT'))
    process.on('SIGTERM', () => this.onSignal('SIGTERM'))
    // The launcher was killed: nobody else would stop us, or our PostgreSQL.
    process.on('disconnect', () => this.onSignal('the end of the launcher'))
    process.on('uncaughtException', (error) => this.onFault(error))
    process.on('unhandledRejection', (reason) => this.onFault(reason))
    try {
      await this.server.start(this.#stopping.signal)
    } catch (error) {
      if (this.#stopping.signal.aborted) return
      this.tellFailure(error)
      await this.end(1)
    }
  }

  private onSignal(cause: string): void {
    if (this.#stopping.signal.aborted) {
      this.#forcing.abort()
      return
    }
    this.logger.info({ cause }, 'shutting down')
    this.#stopping.abort()
    void this.end(0)
  }

  private onFault(error: unknown): void {
    this.logger.fatal({ err: error }, 'a fault that nobody handled ends this process')
    this.#stopping.abort()
    this.#forcing.abort()
    void this.end(1)
  }

  /** A StartupError says it all; for anything else a developer wants the stack. */
  private tellFailure(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error)
    const fields = error instanceof StartupError ? { reason } : { err: error }
    this.logger.fatal(fields, 'the server can not start')
    this.terminal.say(`can not start: ${reason}`)
  }

  private end(exitCode: number): Promise<void> {
    this.#ended ??= this.stopAndExit(exitCode)
    return this.#ended
  }

  private async stopAndExit(exitCode: number): Promise<void> {
    const limit = this.loaded.settings.shutdownGraceSeconds * 1000 + closingMilliseconds
    const watchdog = setTimeout(() => {
      this.logger.fatal({}, 'the shutdown hangs: this process ends without it')
      this.server.killDatabase()
      process.exit(1)
    }, limit)
    try {
      await this.server.stop(this.#forcing.signal)
    } catch (error) {
      this.logger.fatal({ err: error }, 'the shutdown failed')
      this.server.killDatabase()
      process.exit(1)
    }
    clearTimeout(watchdog)
    this.logger.info({}, 'stopped')
    process.exit(exitCode)
  }
}
