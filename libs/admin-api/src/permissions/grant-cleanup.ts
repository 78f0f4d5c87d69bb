import type { Gone } from '@entrepot/access'
import type { AuditTrail } from '@entrepot/kernel'
import type { PermissionPorts } from '../admin-api-ports.js'
import type { Caller } from '../caller.js'
import { recordChange } from '../record-change.js'
import { permissionV2Json } from './permission-v2.js'

/** Takes what was deleted out of the permission targets: what is made anew under its name inherits nothing. */
export class GrantCleanup {
  constructor(
    private readonly permissions: PermissionPorts,
    private readonly audit: AuditTrail,
  ) {}

  async withdraw(caller: Caller, gone: Gone): Promise<void> {
    const { targets } = this.permissions
    const before = targets.all()
    await targets.forget(gone)
    for (const { target, revision } of before) {
      const after = targets.find(target.name)
      if (after === undefined || after.revision === revision) continue
      recordChange(this.audit, caller, {
        action: 'permission.update',
        subject: { kind: 'permission', name: target.name },
        before: permissionV2Json(target),
        after: permissionV2Json(after.target),
      })
    }
  }
}
