import { Controller, Get, Header } from '@nestjs/common'
import { RequiresLogin } from './permission.js'

/** The version of Artifactory whose contract this API follows; its clients choose their requests by it. */
const contractVersion = '7.117.0'

@RequiresLogin()
@Controller('artifactory/api/system')
export class SystemController {
  @Get('ping')
  @Header('Content-Type', 'text/plain')
  ping(): string {
    return 'OK'
  }

  @Get('version')
  version(): Record<string, unknown> {
    return { version: contractVersion, revision: 'entrepot', addons: ['docker'], license: '' }
  }
}
