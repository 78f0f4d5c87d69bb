import { Controller, Get, HttpCode, Inject, Post } from '@nestjs/common'
import { type AdminApiPorts, adminApiPorts } from '../admin-api-ports.js'
import { type Caller, CurrentCaller } from '../caller.js'
import { Documented } from '../openapi/route-description.js'
import { Public, RequiresAdministrator } from '../permission.js'
import { recordChange } from '../record-change.js'
import { signingKeysDocs } from './tokens.docs.js'

/** The keys that the registry's bearer tokens are signed with. */
@Controller('access/api/v1/jwks')
export class SigningKeysController {
  constructor(@Inject(adminApiPorts) private readonly ports: AdminApiPorts) {}

  /** The public halves, for whoever verifies tokens. RFC 7517 section 5. */
  @Documented(signingKeysDocs.get)
  @Public()
  @Get()
  get(): Promise<object> {
    return this.ports.signingKeys.publicKeys()
  }

  /** Signs with a new key from now on; tokens signed before live on till they expire. */
  @Documented(signingKeysDocs.rotate)
  @RequiresAdministrator()
  @Post('rotate')
  @HttpCode(200)
  async rotate(@CurrentCaller() caller: Caller): Promise<{ kid: string }> {
    const kid = await this.ports.signingKeys.rotate()
    const subject = { kind: 'settings', name: 'signing-keys' }
    recordChange(this.ports.audit, caller, { action: 'settings.update', subject, after: { kid } })
    return { kid }
  }
}
