import { byCodePoint, type Listing, type Page, RegistryError } from '@entrepot/kernel'
import type { Group, GroupChange, GroupStore } from '../group-store.js'
import { internalRealm, type UserAccount } from '../user-account.js'
import { userNameOf } from '../user-name.js'
import { InMemoryAccounts, nameUnknown, pageOf } from './in-memory-accounts.js'

export class InMemoryGroupStore implements GroupStore {
  constructor(private readonly accounts = new InMemoryAccounts()) {}

  async find(name: string): Promise<Group | undefined> {
    return this.accounts.groups.get(name)
  }

  async list(page: Page): Promise<Listing<Group>> {
    return pageOf(this.accounts.groups.values(), page)
  }

  async create(group: Group): Promise<Group> {
    if (this.accounts.groups.has(group.name)) {
      throw new RegistryError('CONFLICT', `there is a group ${JSON.stringify(group.name)} already`)
    }
    this.accounts.groups.set(group.name, group)
    return group
  }

  async update(name: string, change: GroupChange): Promise<Group> {
    const changed = { ...this.existing(name), ...change }
    this.accounts.keepAdministrator(() => this.accounts.groups.set(name, changed))
    return changed
  }

  async delete(name: string): Promise<boolean> {
    return this.accounts.keepAdministrator(() => {
      for (const user of this.accounts.users.values()) {
        this.keep(user, (membership) => membership.group !== name)
      }
      return this.accounts.groups.delete(name)
    })
  }

  async members(name: string): Promise<readonly string[]> {
    this.existing(name)
    return [...this.accounts.users.values()]
      .filter(({ memberships, transient }) => !transient && memberships.some(({ group }) => group === name))
      .map((user) => user.name)
      .sort(byCodePoint)
  }

  async changeMembers(
    name: string,
    change: { add: readonly string[]; remove: readonly string[] },
  ): Promise<void> {
    this.existing(name)
    const add = change.add.map((user) => this.user(user))
    const remove = change.remove.map((user) => this.user(user))
    const isGivenHere = ({ group, source }: { group: string; source: string }) =>
      group === name && source === internalRealm
    this.accounts.keepAdministrator(() => {
      for (const user of remove) this.keep(user, (membership) => !isGivenHere(membership))
    })
    for (const { name: userName } of add) {
      const user = this.user(userName)
      if (user.memberships.some(isGivenHere)) continue
      const memberships = [...user.memberships, { group: name, source: internalRealm }]
      memberships.sort((left, right) => byCodePoint(left.group, right.group))
      this.accounts.users.set(user.name, { ...user, memberships })
    }
  }

  private keep(user: UserAccount, stays: (membership: UserAccount['memberships'][number]) => boolean): void {
    this.accounts.users.set(user.name, { ...user, memberships: user.memberships.filter(stays) })
  }

  private existing(name: string): Group {
    const group = this.accounts.groups.get(name)
    if (group === undefined) throw nameUnknown('group', name)
    return group
  }

  private user(name: string): UserAccount {
    const user = this.accounts.users.get(userNameOf(name))
    if (user === undefined) throw nameUnknown('user', name)
    return user
  }
}
