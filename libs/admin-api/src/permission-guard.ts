import { RegistryError } from '@entrepot/kernel'
import { type ExecutionContext, Injectable } from '@nestjs/common'
import { Reflector } from '@nestjs/core'
import { AuthGuard } from '@nestjs/passport'
import type { Request } from 'express'
import { strategyName } from './authorization-header-strategy.js'
import type { Caller } from './caller.js'
import { type Permission, permissionKey } from './permission.js'
import { shownCredentials } from './shown-credentials.js'

const refusals = {
  none: 'this route is open to nobody',
  user: 'this needs credentials that are not limited to some content',
  administrator: 'this needs an administrator',
}

/** Stands before every route of the application and refuses those that state no permission. */
@Injectable()
export class PermissionGuard extends AuthGuard(strategyName) {
  constructor(private readonly reflector: Reflector) {
    super()
  }

  override async canActivate(context: ExecutionContext): Promise<boolean> {
    const permission = this.reflector.getAllAndOverride<Permission | undefined>(permissionKey, [
      context.getHandler(),
      context.getClass(),
    ])
    const request = context.switchToHttp().getRequest<Request & { user: Caller }>()
    if (permission === 'public') return true
    if (permission === 'optional' && shownCredentials(request) === undefined) return true
    await super.canActivate(context)
    const { user } = request
    if (permission === 'login' || permission === 'optional') return true
    if (permission === 'user' && user.unlimited) return true
    if (permission === 'administrator' && user.administrator) return true
    throw new RegistryError('DENIED', refusals[permission ?? 'none'])
  }

  override handleRequest<TUser = Caller>(error: unknown, caller: TUser | false): TUser {
    if (error !== null && error !== undefined) throw error
    if (caller === false) throw new RegistryError('UNAUTHORIZED', 'this needs a login')
    return caller
  }
}
