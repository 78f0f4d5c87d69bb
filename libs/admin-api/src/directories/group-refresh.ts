import { type GroupImport, GroupImporter, type GroupImportMode } from '@entrepot/identity'
import type { AuditTrail } from '@entrepot/kernel'
import type { AccountPorts, DirectoryPorts } from '../admin-api-ports.js'
import type { Caller } from '../caller.js'
import { groupV2Json } from '../groups/group-json.js'
import { recordChange } from '../record-change.js'

/** Makes groups here of those in a directory, each of which is written down. */
export class GroupRefresh {
  readonly #importer: GroupImporter

  constructor(
    directories: DirectoryPorts,
    private readonly accounts: AccountPorts,
    private readonly audit: AuditTrail,
  ) {
    this.#importer = new GroupImporter(directories.configured, accounts.groups)
  }

  async run(caller: Caller, name: string, mode: GroupImportMode): Promise<GroupImport> {
    const outcome = await this.#importer.import(name, mode)
    for (const group of outcome.created) await this.record(caller, 'group.create', group)
    for (const group of outcome.updated) await this.record(caller, 'group.update', group)
    return outcome
  }

  private async record(caller: Caller, action: 'group.create' | 'group.update', name: string): Promise<void> {
    const group = await this.accounts.groups.find(name)
    recordChange(this.audit, caller, {
      action,
      subject: { kind: 'group', name },
      after: group && groupV2Json(group, await this.accounts.groups.members(name)),
    })
  }
}
