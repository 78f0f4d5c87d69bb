import { Catch, Inject } from '@nestjs/common'
import { type AdminApiPorts, adminApiPorts } from '../admin-api-ports.js'
import { ErrorFilter } from '../error-filter.js'

/** Of copies and moves, whose clients look for `messages`; `errors` has the same, as everywhere. */
@Catch()
export class TransferErrorFilter extends ErrorFilter {
  constructor(@Inject(adminApiPorts) { logger, audit, clientAddressOf }: AdminApiPorts) {
    super(logger, audit, clientAddressOf)
  }

  protected override bodyOf(status: number, messages: readonly string[]): object {
    return {
      messages: messages.map((message) => ({ level: 'ERROR', message })),
      ...super.bodyOf(status, messages),
    }
  }
}
