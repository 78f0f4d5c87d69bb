import type { Logger } from '@entrepot/kernel'
import type { LoggerService } from '@nestjs/common'

/** Leads what Nest itself has to say into our log: its report of what it built is for debugging. */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(message: unknown, ...context: unknown[]): void {
    this.logger.debug(fieldsOf(message, context), 'nest')
  }

  debug(message: unknown, ...context: unknown[]): void {
    this.logger.debug(fieldsOf(message, context), 'nest')
  }

  verbose(message: unknown, ...context: unknown[]): void {
    this.logger.debug(fieldsOf(message, context), 'nest')
  }

  warn(message: unknown, ...context: unknown[]): void {
    this.logger.warn(fieldsOf(message, context), 'nest warns')
  }

  error(message: unknown, ...context: unknown[]): void {
    this.logger.error(fieldsOf(message, context), 'nest reports an error')
  }

  fatal(message: unknown, ...context: unknown[]): void {
    this.logger.error(fieldsOf(message, context), 'nest reports a fatal error')
  }
}

function fieldsOf(message: unknown, context: readonly unknown[]): Record<string, unknown> {
  return {
    ...(message instanceof Error ? { err: message } : { nest: message }),
    ...(context.length === 0 ? {} : { context }),
  }
}
