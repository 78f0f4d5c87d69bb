import type { Group } from '@entrepot/identity'

/** The group as `/artifactory/api/security/groups/{name}` shows it; the members only when they were asked for. */
export function groupV1Json(group: Group, members: readonly string[] | undefined): Record<string, unknown> {
  return {
    name: group.name,
    description: group.description,
    autoJoin: group.autoJoin,
    adminPrivileges: group.adminPrivileges,
    realm: group.realm,
    ...(group.realmAttributes === undefined ? {} : { realmAttributes: group.realmAttributes }),
    ...(group.externalId === undefined ? {} : { externalId: group.externalId }),
    ...(members === undefined ? {} : { userNames: members }),
    watchManager: false,
    policyManager: false,
    reportsManager: false,
  }
}

/** The group as `/access/api/v2/groups/{name}` shows it; texts that it doesn't have are left out. */
export function groupV2Json(group: Group, members: readonly string[]): Record<string, unknown> {
  return {
    name: group.name,
    ...(group.description === '' ? {} : { description: group.description }),
    auto_join: group.autoJoin,
    admin_privileges: group.adminPrivileges,
    realm: group.realm,
    ...(group.realmAttributes === undefined ? {} : { realm_attributes: group.realmAttributes }),
    ...(group.externalId === undefined ? {} : { external_id: group.externalId }),
    members,
  }
}
