import { serviceId } from '@entrepot/identity'
import { Controller, Get, Header, HttpException, HttpStatus, Inject, Res } from '@nestjs/common'
import type { Response } from 'express'
import { type AdminApiPorts, adminApiPorts } from '../admin-api-ports.js'
import { Documented } from '../openapi/route-description.js'
import { Public } from '../permission.js'
import { healthDocs } from './health.docs.js'

const accessServiceId = serviceId.replace(/^jfrt/, 'jfac')

/** The probes of JFrog's platform, service by service; they say no more than `/healthz` and `/readyz`. */
@Public()
@Controller()
export class HealthController {
  constructor(@Inject(adminApiPorts) private readonly ports: AdminApiPorts) {}

  @Documented(healthDocs.liveness)
  @Get([
    'artifactory/api/v1/system/liveness',
    'access/api/v1/system/liveness',
    'router/api/v1/system/liveness',
  ])
  liveness(): object {
    return { code: 'OK' }
  }

  @Documented(healthDocs.readiness)
  @Get([
    'artifactory/api/v1/system/readiness',
    'access/api/v1/system/readiness',
    'router/api/v1/system/readiness',
  ])
  async readiness(): Promise<object> {
    if (await this.ports.isReady()) return { code: 'OK' }
    throw new HttpException(
      'this server is not ready: /readyz says which part',
      HttpStatus.SERVICE_UNAVAILABLE,
    )
  }

  @Documented(healthDocs.ping)
  @Get(['access/api/v1/system/ping', 'router/api/v1/system/ping'])
  @Header('Content-Type', 'text/plain')
  ping(): string {
    return 'OK'
  }

  /** Parts that are not ready are told in the same shape, with 503. */
  @Documented(healthDocs.health)
  @Get('router/api/v1/system/health')
  async health(@Res({ passthrough: true }) response: Response): Promise<object> {
    const isReady = await this.ports.isReady()
    if (!isReady) response.status(HttpStatus.SERVICE_UNAVAILABLE)
    const node = { node_id: this.ports.instance }
    const state = isReady
      ? { state: 'HEALTHY', message: 'OK' }
      : { state: 'UNHEALTHY', message: 'not ready: /readyz says which part' }
    return {
      router: { ...node, state: 'HEALTHY', message: 'OK' },
      services: [serviceId, accessServiceId].map((id) => ({ service_id: id, ...node, ...state })),
    }
  }
}
