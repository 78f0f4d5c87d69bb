import type { UserAccount } from '@entrepot/identity'
import { byCodePoint } from '@entrepot/kernel'

/** The user as `/artifactory/api/security/users/{name}` shows it: no boolean left out, never a password. */
export function userV1Json(account: UserAccount): Record<string, unknown> {
  return {
    name: account.name,
    email: account.email ?? '',
    admin: account.ownAdmin,
    profileUpdatable: account.profileUpdatable,
    disableUIAccess: account.uiAccessDisabled,
    internalPasswordDisabled: account.internalPasswordDisabled,
    ...(account.lastLoginAt === undefined ? {} : { lastLoggedIn: account.lastLoginAt.toISOString() }),
    realm: account.realm,
    groups: groupsOf(account),
    status: statusOf(account),
    kind: account.kind,
    policyManager: false,
    watchManager: false,
    reportsManager: false,
  }
}

/** The user as `/access/api/v2/users/{name}` shows it. */
export function userV2Json(account: UserAccount): Record<string, unknown> {
  return {
    username: account.name,
    email: account.email ?? '',
    admin: account.ownAdmin,
    effective_admin: account.admin,
    profile_updatable: account.profileUpdatable,
    disable_ui_access: account.uiAccessDisabled,
    internal_password_disabled: account.internalPasswordDisabled,
    ...(account.lastLoginAt === undefined ? {} : { last_logged_in: account.lastLoginAt.toISOString() }),
    realm: account.realm,
    groups: groupsOf(account),
    status: statusOf(account),
    kind: account.kind,
  }
}

/** What the audit trail keeps of a user. */
export function userAuditView(account: UserAccount): object {
  const { last_logged_in: _lastLogin, ...view } = userV2Json(account)
  return view
}

/** Whatever the source of the membership; each once. */
export function groupsOf(account: UserAccount): readonly string[] {
  return [...new Set(account.memberships.map(({ group }) => group))].sort(byCodePoint)
}

export function statusOf({ disabled }: UserAccount): 'enabled' | 'disabled' {
  return disabled ? 'disabled' : 'enabled'
}
