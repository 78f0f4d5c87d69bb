import { RegistryError } from '@entrepot/kernel'
import { Controller, Get, Header, HttpCode, Inject, Patch } from '@nestjs/common'
import { type AdminApiPorts, adminApiPorts } from '../admin-api-ports.js'
import { type Caller, CurrentCaller } from '../caller.js'
import { IsFlag } from '../field-rules.js'
import { objectOf } from '../http/object-of.js'
import { parseDto, unknownFieldsIn } from '../http/parse-dto.js'
import { type JsonObject, YamlBody } from '../json-body.js'
import { Documented } from '../openapi/route-description.js'
import { RequiresAdministrator } from '../permission.js'
import { changeAnonymousAccess } from '../security/change-anonymous-access.js'
import { configurationDocs } from './system.docs.js'

class SecurityDto {
  @IsFlag() anonAccessEnabled?: boolean
}

/** Artifactory's configuration of the whole, as far as its Terraform provider changes it by this way. */
@RequiresAdministrator()
@Controller('artifactory/api')
export class ConfigurationController {
  constructor(@Inject(adminApiPorts) private readonly ports: AdminApiPorts) {}

  @Documented(configurationDocs.security)
  @Get('securityconfig')
  security(): { anonAccessEnabled: boolean } {
    return { anonAccessEnabled: this.ports.permissions.anonymous.enabled }
  }

  /** What can't be set is refused, and nothing set: a client that reads it back would not find it. */
  @Documented(configurationDocs.change)
  @Patch('system/configuration')
  @HttpCode(200)
  @Header('Content-Type', 'text/plain')
  async change(@CurrentCaller() caller: Caller, @YamlBody() body: JsonObject): Promise<string> {
    const { security = {}, ...others } = body
    const fields = objectOf(security, 'security')
    const unknown = [...Object.keys(others), ...unknownFieldsIn(SecurityDto, fields, 'security.')]
    if (unknown.length > 0) throw notHere(unknown)
    const { anonAccessEnabled } = parseDto(SecurityDto, fields, 'security.')
    if (anonAccessEnabled === undefined) return '0 changes to config merged successfully'
    await changeAnonymousAccess(this.ports, caller, anonAccessEnabled)
    return '1 changes to config merged successfully'
  }
}

function notHere(names: readonly string[]): RegistryError {
  const shown = names.slice(0, 20).map((name) => name.slice(0, 100))
  return new RegistryError(
    'REQUEST_INVALID',
    `${shown.join(', ')} can't be set by this route, expected security.anonAccessEnabled alone: repositories, users, ` +
      'groups, permissions and LDAP settings have routes of their own',
  )
}
