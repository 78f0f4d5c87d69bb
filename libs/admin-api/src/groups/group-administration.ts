import { type Group, internalRealm, userNameOf } from '@entrepot/identity'
import { type AuditTrail, RegistryError } from '@entrepot/kernel'
import type { AccountPorts } from '../admin-api-ports.js'
import type { Caller } from '../caller.js'
import { noSuch } from '../http/no-such.js'
import type { GrantCleanup } from '../permissions/grant-cleanup.js'
import { recordChange } from '../record-change.js'
import { groupV2Json } from './group-json.js'
import { parsePlainName } from '../http/plain-name.js'
import type { GroupSettings } from './group.dto.js'

export interface MemberChange {
  readonly add: readonly string[]
  readonly remove: readonly string[]
}

const noChange: MemberChange = { add: [], remove: [] }

/** A group of which only the name is known. */
export const noGroup: Omit<Group, 'name'> = {
  description: '',
  autoJoin: false,
  adminPrivileges: false,
  realm: internalRealm,
  realmAttributes: undefined,
  externalId: undefined,
}

/** What administrators do to groups. Every change is written down. */
export class GroupAdministration {
  constructor(
    private readonly accounts: AccountPorts,
    private readonly grants: GrantCleanup,
    private readonly audit: AuditTrail,
  ) {}

  /** @throws HttpException 404 */
  async existing(name: string): Promise<Group> {
    const group = await this.find(name)
    if (group === undefined) throw noSuch('group', name)
    return group
  }

  find(name: string): Promise<Group | undefined> {
    return this.accounts.groups.find(name)
  }

  members(name: string): Promise<readonly string[]> {
    return this.accounts.groups.members(name)
  }

  /** @throws RegistryError CONFLICT when the name is taken, REQUEST_INVALID */
  async create(caller: Caller, nameText: string, { change, members }: GroupSettings): Promise<Group> {
    const name = parsePlainName('group', nameText)
    const wanted = { ...noGroup, ...change, name }
    checkAutoJoin(wanted)
    await this.checkUsers(members ?? [])
    const group = await this.accounts.groups.create(wanted)
    await this.accounts.groups.changeMembers(name, { add: (members ?? []).map(userNameOf), remove: [] })
    this.lookAgainAt(members ?? [])
    await this.record(caller, 'group.create', undefined, group)
    return group
  }

  /**
   * What the settings don't name stays.
   * @param named whether those whom the settings name are all members from now on, or come to those there are
   * @throws RegistryError REQUEST_INVALID, CONFLICT for the last administrator
   */
  async change(
    caller: Caller,
    name: string,
    { change, members }: GroupSettings,
    named: 'all' | 'more' = 'all',
  ): Promise<Group> {
    const current = await this.existing(name)
    checkAutoJoin({ ...current, ...change })
    const before = await this.viewOf(current)
    const membersBefore = await this.members(name)
    const { add, remove } = members === undefined ? noChange : await this.difference(name, members)
    await this.checkUsers(add)
    const group = await this.accounts.groups.update(name, change)
    await this.accounts.groups.changeMembers(name, { add, remove: named === 'all' ? remove : [] })
    this.lookAgainAt([...membersBefore, ...add])
    await this.record(caller, 'group.update', before, group)
    return group
  }

  /** @throws RegistryError REQUEST_INVALID for an unknown user, before anything has changed */
  async changeMembers(
    caller: Caller,
    name: string,
    { add, remove }: MemberChange,
  ): Promise<readonly string[]> {
    const group = await this.existing(name)
    const before = await this.viewOf(group)
    await this.checkUsers([...add, ...remove])
    await this.accounts.groups.changeMembers(name, {
      add: add.map(userNameOf),
      remove: remove.map(userNameOf),
    })
    this.lookAgainAt([...add, ...remove])
    await this.record(caller, 'group.update', before, group)
    return this.members(name)
  }

  /** Takes its memberships and grants along. */
  async remove(caller: Caller, name: string): Promise<void> {
    const before = await this.viewOf(await this.existing(name))
    const members = await this.members(name)
    if (!(await this.accounts.groups.delete(name))) throw noSuch('group', name)
    this.lookAgainAt(members)
    const subject = { kind: 'group', name }
    recordChange(this.audit, caller, { action: 'group.delete', subject, before })
    await this.grants.withdraw(caller, { group: name })
  }

  /** What groups give is theirs at the next request here, and gone at the next one; within a second elsewhere. */
  private lookAgainAt(names: readonly string[]): void {
    for (const name of names) this.accounts.principals.forget(name)
  }

  private async difference(name: string, wanted: readonly string[]): Promise<MemberChange> {
    const names = new Set(wanted.map(userNameOf))
    const current = new Set(await this.members(name))
    return {
      add: [...names].filter((user) => !current.has(user)),
      remove: [...current].filter((user) => !names.has(user)),
    }
  }

  private async checkUsers(names: readonly string[]): Promise<void> {
    for (const name of names) {
      if ((await this.accounts.users.find(userNameOf(name))) === undefined) {
        throw invalid(`there is no user ${JSON.stringify(name.slice(0, 100))}`)
      }
    }
  }

  private async viewOf(group: Group): Promise<object> {
    return groupV2Json(group, await this.members(group.name))
  }

  private async record(
    caller: Caller,
    action: 'group.create' | 'group.update',
    before: object | undefined,
    group: Group,
  ): Promise<void> {
    const after = await this.viewOf(group)
    const subject = { kind: 'group', name: group.name }
    recordChange(this.audit, caller, { action, subject, before, after })
  }
}

/** Artifactory's rule: else every new user would administer. @throws RegistryError REQUEST_INVALID */
export function checkAutoJoin({
  autoJoin,
  adminPrivileges,
}: Pick<Group, 'autoJoin' | 'adminPrivileges'>): void {
  if (autoJoin && adminPrivileges) {
    throw invalid('a group whose members administer can not be one that every new user joins')
  }
}

function invalid(message: string): RegistryError {
  return new RegistryError('REQUEST_INVALID', message)
}
