import type { LogFields, Logger } from '@entrepot/kernel'

/** Keeps every line, for what an operator must read in it and must not. */
export class RecordingLogger implements Logger {
  readonly lines: (LogFields & { readonly level: string; readonly message: string })[] = []

  debug = this.#keep('debug')
  info = this.#keep('info')
  warn = this.#keep('warn')
  error = this.#keep('error')

  child(): Logger {
    return this
  }

  get text(): string {
    return JSON.stringify(this.lines)
  }

  #keep(level: string) {
    return (fields: LogFields, message: string): void => void this.lines.push({ ...fields, level, message })
  }
}
