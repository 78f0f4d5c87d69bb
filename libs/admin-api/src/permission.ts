import { type CustomDecorator, SetMetadata } from '@nestjs/common'

/** Who may call a route. */
export type Permission = 'public' | 'login' | 'administrator'

export const permissionKey = 'entrepot:permission'

/** Open to everybody, without login. */
export const Public = (): CustomDecorator => SetMetadata(permissionKey, 'public' satisfies Permission)

/** Open to every user who is logged in. */
export const RequiresLogin = (): CustomDecorator => SetMetadata(permissionKey, 'login' satisfies Permission)

/** Open to administrators; with a bearer token only when it carries the administration scope. */
export const RequiresAdministrator = (): CustomDecorator =>
  SetMetadata(permissionKey, 'administrator' satisfies Permission)
