import { Controller, Get, Header, HttpCode, Inject, Patch, Res } from '@nestjs/common'
import type { Response } from 'express'
import { type AdminApiPorts, adminApiPorts } from '../admin-api-ports.js'
import { type Caller, CurrentCaller } from '../caller.js'
import { IsFlag } from '../field-rules.js'
import { objectOf } from '../http/object-of.js'
import { parseDto, unknownFieldsIn } from '../http/parse-dto.js'
import { type JsonObject, YamlBody } from '../json-body.js'
import { Documented } from '../openapi/route-description.js'
import { RequiresAdministrator } from '../permission.js'
import { ProxyAdministration } from '../proxies/proxy-administration.js'
import { changeAnonymousAccess } from '../security/change-anonymous-access.js'
import { warnOfIgnored } from '../warn-of-ignored.js'
import { configurationXml } from './configuration-xml.js'
import { configurationDocs } from './configuration.docs.js'

class SecurityDto {
  @IsFlag() anonAccessEnabled?: boolean
}

/** Artifactory's configuration of the whole, as far as there is something of it here. */
@RequiresAdministrator()
@Controller('artifactory/api')
export class ConfigurationController {
  constructor(
    @Inject(adminApiPorts) private readonly ports: AdminApiPorts,
    @Inject(ProxyAdministration) private readonly proxies: ProxyAdministration,
  ) {}

  @Documented(configurationDocs.security)
  @Get('securityconfig')
  security(): { anonAccessEnabled: boolean } {
    return { anonAccessEnabled: this.ports.permissions.anonymous.enabled }
  }

  @Documented(configurationDocs.get)
  @Get('system/configuration')
  @Header('Content-Type', 'application/xml')
  get(): string {
    const { permissions, logins, publicUrl } = this.ports
    return configurationXml({
      anonymousAccess: permissions.anonymous.enabled,
      lockPolicy: logins.policies.current,
      publicUrl,
      proxies: this.proxies.all(),
    })
  }

  /** What is wrong is found before anything is set; what is unknown has no effect, and is told. */
  @Documented(configurationDocs.change)
  @Patch('system/configuration')
  @HttpCode(200)
  @Header('Content-Type', 'text/plain')
  async change(
    @CurrentCaller() caller: Caller,
    @YamlBody() body: JsonObject,
    @Res({ passthrough: true }) response: Response,
  ): Promise<string> {
    const { security = {}, proxies = {}, ...others } = body
    const fields = objectOf(security, 'security')
    const { anonAccessEnabled } = parseDto(SecurityDto, fields, 'security.')
    const changes = this.proxies.parse(proxies)
    let count = await this.proxies.change(caller, changes)
    if (anonAccessEnabled !== undefined) {
      await changeAnonymousAccess(this.ports, caller, anonAccessEnabled)
      count += 1
    }
    const unknown = [...Object.keys(others), ...unknownFieldsIn(SecurityDto, fields, 'security.')]
    warnOfIgnored(response, [...unknown, ...changes.ignored])
    return `${count} changes to config merged successfully`
  }
}
