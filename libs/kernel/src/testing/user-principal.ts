import type { UserId, UserPrincipal } from '../principal.js'

/** A user with nothing but a name, for tests. */
export function userPrincipal(name: string, particulars: Partial<UserPrincipal> = {}): UserPrincipal {
  return { kind: 'user', id: userId(name), name, admin: false, realm: 'internal', groups: [], ...particulars }
}

export function userId(name: string): UserId {
  return `id-of-${name}` as UserId
}
