import { type CustomDecorator, SetMetadata } from '@nestjs/common'

/** Who may call a route. */
export type Permission = 'public' | 'optional' | 'login' | 'user' | 'administrator'

export const permissionKey = 'entrepot:permission'

/** Open to everybody, without login. */
export const Public = (): CustomDecorator => SetMetadata(permissionKey, 'public' satisfies Permission)

/** Open to everybody; who shows credentials is known by them, and refused with wrong ones. */
export const OptionalLogin = (): CustomDecorator =>
  SetMetadata(permissionKey, 'optional' satisfies Permission)

/** Open to every user who is logged in, whatever with. */
export const RequiresLogin = (): CustomDecorator => SetMetadata(permissionKey, 'login' satisfies Permission)

/**
 * Open to every user whose credentials stand for all that they may do: with a token for some content, nobody may change a
 * password or make another token.
 */
export const RequiresUser = (): CustomDecorator => SetMetadata(permissionKey, 'user' satisfies Permission)

/** Open to administrators; with a bearer token only when it carries the administration scope. */
export const RequiresAdministrator = (): CustomDecorator =>
  SetMetadata(permissionKey, 'administrator' satisfies Permission)
