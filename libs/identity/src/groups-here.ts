import type { DirectoryIdentity } from './directories/user-directory.js'
import { isDn } from './directories/ldap-text.js'
import type { Group } from './group-store.js'
import { userNameOf } from './user-name.js'

/** The realm of groups whose members directories name. */
export const directoryGroupRealm = 'ldap'

/**
 * The groups here that somebody is in because of the groups that a directory names: those of the directory realm with the
 * name of one of them, or with its name or DN as `externalId`. Where that is a DN, as after an import, it alone decides:
 * whoever may make groups somewhere else in a directory, or in another one, can give them any name.
 */
export function groupsHereOf(
  { groups }: Pick<DirectoryIdentity, 'groups'>,
  groupsHere: Iterable<Pick<Group, 'name' | 'realm' | 'externalId'>>,
): readonly string[] {
  const names = new Set(groups.map(({ name }) => foldDn(name)))
  const keys = new Set([...names, ...groups.flatMap(({ dn }) => (dn === undefined ? [] : [foldDn(dn)]))])
  return [...groupsHere]
    .filter(({ realm }) => realm === directoryGroupRealm)
    .filter(
      ({ name, externalId }) =>
        (externalId !== undefined && keys.has(foldDn(externalId))) ||
        (!isDn(externalId ?? '') && names.has(foldDn(name))),
    )
    .map(({ name }) => name)
}

/** For comparing, names as well. A DN may be written with spaces after its commas (RFC 4514 section 2 writes none). */
export function foldDn(text: string): string {
  return userNameOf(text.replaceAll(/\s*,\s*/g, ','))
}
