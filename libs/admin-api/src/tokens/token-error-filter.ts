import { Catch, HttpStatus, Inject } from '@nestjs/common'
import { type AdminApiPorts, adminApiPorts } from '../admin-api-ports.js'
import { ErrorFilter } from '../error-filter.js'

/** Of access tokens, of which the Terraform provider reads `code`, `message` and `detail`; `errors` is as everywhere. */
@Catch()
export class TokenErrorFilter extends ErrorFilter {
  constructor(@Inject(adminApiPorts) { logger, audit, clientAddressOf }: AdminApiPorts) {
    super(logger, audit, clientAddressOf)
  }

  protected override bodyOf(status: number, messages: readonly string[]): object {
    const [message = '', ...others] = messages
    return {
      code: HttpStatus[status] ?? `${status}`,
      message,
      detail: others.join('; '),
      ...super.bodyOf(status, messages),
    }
  }
}
