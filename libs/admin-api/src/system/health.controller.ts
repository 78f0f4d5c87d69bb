import { Controller, Get, HttpException, HttpStatus, Inject } from '@nestjs/common'
import { type AdminApiPorts, adminApiPorts } from '../admin-api-ports.js'
import { Documented } from '../openapi/route-description.js'
import { Public } from '../permission.js'
import { healthDocs } from './system.docs.js'

/** Artifactory's probes; they say no more than `/healthz` and `/readyz`. */
@Public()
@Controller('artifactory/api/v1/system')
export class HealthController {
  constructor(@Inject(adminApiPorts) private readonly ports: AdminApiPorts) {}

  @Documented(healthDocs.liveness)
  @Get('liveness')
  liveness(): object {
    return { code: 'OK' }
  }

  @Documented(healthDocs.readiness)
  @Get('readiness')
  async readiness(): Promise<object> {
    if (await this.ports.isReady()) return { code: 'OK' }
    throw new HttpException(
      'this server is not ready: /readyz says which part',
      HttpStatus.SERVICE_UNAVAILABLE,
    )
  }
}
