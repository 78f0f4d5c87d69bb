import { RegistryError } from '@entrepot/kernel'
import { Controller, Get, Inject, Put, Res } from '@nestjs/common'
import type { Response } from 'express'
import { type AdminApiPorts, adminApiPorts } from '../admin-api-ports.js'
import { type Caller, CurrentCaller } from '../caller.js'
import { parseDto, unknownFieldsIn } from '../http/parse-dto.js'
import { JsonBody, type JsonObject } from '../json-body.js'
import { Documented } from '../openapi/route-description.js'
import { RequiresAdministrator } from '../permission.js'
import { warnOfIgnored } from '../warn-of-ignored.js'
import { changeAnonymousAccess } from './change-anonymous-access.js'
import { anonymousDocs } from './security.docs.js'
import { AnonymousDto } from './security.dto.js'

/** The switch for access without login; what is allowed then, the permission targets say for `anonymous`. */
@RequiresAdministrator()
@Controller('artifactory/api/entrepot/anonymous')
export class AnonymousController {
  constructor(@Inject(adminApiPorts) private readonly ports: AdminApiPorts) {}

  @Documented(anonymousDocs.get)
  @Get()
  get(): { enabled: boolean } {
    return { enabled: this.ports.permissions.anonymous.enabled }
  }

  @Documented(anonymousDocs.put)
  @Put()
  async put(
    @CurrentCaller() caller: Caller,
    @JsonBody() body: JsonObject,
    @Res({ passthrough: true }) response: Response,
  ): Promise<{ enabled: boolean }> {
    const { enabled } = parseDto(AnonymousDto, body)
    if (enabled === undefined) {
      throw new RegistryError('REQUEST_INVALID', 'enabled is missing, expected true or false')
    }
    await changeAnonymousAccess(this.ports, caller, enabled)
    warnOfIgnored(response, unknownFieldsIn(AnonymousDto, body))
    return { enabled }
  }
}
