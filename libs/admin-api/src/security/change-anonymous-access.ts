import type { AdminApiPorts } from '../admin-api-ports.js'
import type { Caller } from '../caller.js'
import { recordChange } from '../record-change.js'

/** Lets people in without a login, or no more, and writes it down. */
export async function changeAnonymousAccess(
  { permissions, audit }: Pick<AdminApiPorts, 'permissions' | 'audit'>,
  caller: Caller,
  enabled: boolean,
): Promise<void> {
  const before = { enabled: permissions.anonymous.enabled }
  await permissions.anonymous.change(enabled)
  const subject = { kind: 'settings', name: 'anonymous' }
  recordChange(audit, caller, { action: 'settings.update', subject, before, after: { enabled } })
}
