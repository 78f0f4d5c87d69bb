import { Controller, Get, Header, HttpCode, Inject, Post } from '@nestjs/common'
import { type AdminApiPorts, adminApiPorts } from './admin-api-ports.js'
import { JsonBody, type JsonObject } from './json-body.js'
import { RequiresAdministrator, RequiresLogin } from './permission.js'
import { storageInfo } from './system/storage-info.js'

/** The version of Artifactory whose contract this API follows; its clients choose their requests by it. */
const contractVersion = '7.117.0'

@RequiresLogin()
@Controller('artifactory/api')
export class SystemController {
  constructor(@Inject(adminApiPorts) private readonly ports: AdminApiPorts) {}

  @Get('system/ping')
  @Header('Content-Type', 'text/plain')
  ping(): string {
    return 'OK'
  }

  @Get('system/version')
  version(): Record<string, unknown> {
    return { version: contractVersion, revision: 'entrepot', addons: ['docker'], license: '' }
  }

  /** What clients tell of themselves; nothing is done with it. */
  @Post('system/usage')
  @HttpCode(200)
  usage(@JsonBody() _features: JsonObject): Record<string, never> {
    return {}
  }

  @RequiresAdministrator()
  @Get('storageinfo')
  async storage(): Promise<object> {
    return storageInfo(await this.ports.storage.summary(), this.ports.repositories)
  }
}
