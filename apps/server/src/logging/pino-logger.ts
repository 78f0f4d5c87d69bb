import type { LogFields, Logger } from '@entrepot/kernel'
import { type DestinationStream, type Logger as Pino, pino } from 'pino'
import type { Settings } from '../settings/settings.js'
import { redact, redactText } from './redact.js'

/** Lines wait for each other this long, in milliseconds and characters: a write for each would cost a pull a tenth. */
const gathering = { periodicFlush: 100, minLength: 8192 }

/** The Logger port on pino: one line of JSON each, and no secret in it. */
export class PinoLogger implements Logger {
  private constructor(
    private readonly pino: Pino,
    private readonly flushNow: () => void,
  ) {}

  /** On standard output. What was logged last is written when the process exits. */
  static create(level: Settings['logLevel']): PinoLogger {
    const output = pino.destination({ dest: 1, sync: true, ...gathering })
    const flushNow = () => output.flushSync()
    process.once('exit', flushNow)
    return PinoLogger.to(output, level, flushNow)
  }

  static to(
    destination: DestinationStream,
    level: Settings['logLevel'],
    flushNow: () => void = () => undefined,
  ): PinoLogger {
    const options = {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label: string) => ({ level: label }) },
      // Errors are plain objects by then, which pino would take for errors once more.
      serializers: { err: (error: unknown) => error },
      hooks: { streamWrite: redactText },
    }
    return new PinoLogger(pino(options, destination), flushNow)
  }

  debug(fields: LogFields, message: string): void {
    if (this.pino.isLevelEnabled('debug')) this.pino.debug(redact(fields), message)
  }

  info(fields: LogFields, message: string): void {
    if (this.pino.isLevelEnabled('info')) this.pino.info(redact(fields), message)
  }

  warn(fields: LogFields, message: string): void {
    if (this.pino.isLevelEnabled('warn')) this.pino.warn(redact(fields), message)
  }

  error(fields: LogFields, message: string): void {
    if (this.pino.isLevelEnabled('error')) this.pino.error(redact(fields), message)
  }

  /** What the process does not survive. */
  fatal(fields: LogFields, message: string): void {
    this.pino.fatal(redact(fields), message)
    this.flushNow()
  }

  child(fields: LogFields): PinoLogger {
    return new PinoLogger(this.pino.child(redact(fields) as Record<string, unknown>), this.flushNow)
  }
}
