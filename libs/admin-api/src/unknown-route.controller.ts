import { RegistryError } from '@entrepot/kernel'
import { All, Controller, Req } from '@nestjs/common'
import type { Request } from 'express'
import { RequiresLogin } from './permission.js'

/** The rest of `/artifactory` and `/access`: who is not logged in doesn't even learn which routes there are. */
@RequiresLogin()
@Controller(['artifactory', 'access'])
export class UnknownRouteController {
  @All(['/', '*path'])
  refuse(@Req() request: Request): never {
    throw new RegistryError('ROUTE_UNKNOWN', `there is no ${request.method} ${request.path}`)
  }
}
