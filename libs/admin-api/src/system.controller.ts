import { serviceId } from '@entrepot/identity'
import { Controller, Get, Header, HttpCode, Inject, Post } from '@nestjs/common'
import { type AdminApiPorts, adminApiPorts } from './admin-api-ports.js'
import { JsonBody, type JsonObject } from './json-body.js'
import { Documented } from './openapi/route-description.js'
import { RequiresAdministrator, RequiresLogin } from './permission.js'
import { contractVersion } from './system/contract-version.js'
import { storageInfo } from './system/storage-info.js'
import { systemDocs } from './system/system.docs.js'

@RequiresLogin()
@Controller('artifactory/api')
export class SystemController {
  constructor(@Inject(adminApiPorts) private readonly ports: AdminApiPorts) {}

  @Documented(systemDocs.ping)
  @Get('system/ping')
  @Header('Content-Type', 'text/plain')
  ping(): string {
    return 'OK'
  }

  @Documented(systemDocs.version)
  @Get('system/version')
  version(): Record<string, unknown> {
    return { version: contractVersion, revision: 'entrepot', addons: ['docker'], license: '' }
  }

  /** The JFrog CLI asks for it to make a token for an administrator. */
  @Documented(systemDocs.serviceId)
  @Get('system/service_id')
  @Header('Content-Type', 'text/plain')
  serviceId(): string {
    return serviceId
  }

  /** What clients tell of themselves; nothing is done with it. */
  @Documented(systemDocs.usage)
  @Post('system/usage')
  @HttpCode(200)
  usage(@JsonBody() _features: JsonObject): Record<string, never> {
    return {}
  }

  /** There is none, but Terraform's provider and others go on only with one that has everything. */
  @Documented(systemDocs.license)
  @Get('system/license')
  license(): object {
    return { type: 'Enterprise', validThrough: '', licensedTo: 'Entrepot' }
  }

  @Documented(systemDocs.calculateStorage)
  @RequiresAdministrator()
  @Post('storageinfo/calculate')
  @HttpCode(202)
  calculateStorage(): object {
    return { info: 'The storage summary is counted when it is asked for' }
  }

  @Documented(systemDocs.storage)
  @RequiresAdministrator()
  @Get('storageinfo')
  async storage(): Promise<object> {
    return storageInfo(await this.ports.storage.summary(), this.ports.repositories)
  }
}
