import type { LogFields, Logger } from '@entrepot/kernel'

export interface LogLine {
  readonly level: string
  readonly message: string
  readonly fields: LogFields
}

export class RecordingLogger implements Logger {
  constructor(
    readonly lines: LogLine[] = [],
    private readonly bound: LogFields = {},
  ) {}

  debug(fields: LogFields, message: string): void {
    this.add('debug', fields, message)
  }

  info(fields: LogFields, message: string): void {
    this.add('info', fields, message)
  }

  warn(fields: LogFields, message: string): void {
    this.add('warn', fields, message)
  }

  error(fields: LogFields, message: string): void {
    this.add('error', fields, message)
  }

  child(fields: LogFields): Logger {
    return new RecordingLogger(this.lines, { ...this.bound, ...fields })
  }

  private add(level: string, fields: LogFields, message: string): void {
    this.lines.push({ level, message, fields: { ...this.bound, ...fields } })
  }
}
