import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Group, GroupStore } from '../group-store.js'
import type { UserAccountStore } from '../user-account-store.js'
import { type AccountStores, plainGroup } from './user-account-store.contract.js'

/** What every implementation of the GroupStore port does. */
export function groupStoreContract(name: string, open: () => Promise<AccountStores>): void {
  describe(`${name} keeps the contract of GroupStore`, () => {
    let stores: AccountStores
    let users: UserAccountStore
    let groups: GroupStore
    beforeEach(async () => {
      stores = await open()
      users = stores.users
      groups = stores.groups
    })
    afterEach(() => stores.close())

    it('creates and finds a group with everything said', async () => {
      const group: Group = {
        name: 'Ops',
        description: 'who runs it',
        autoJoin: true,
        adminPrivileges: true,
        realm: 'ldap',
        realmAttributes: 'ldapGroupName=Ops;groupsStrategy=DYNAMIC',
        externalId: 'cn=Ops,dc=corp',
      }
      expect(await groups.create(group)).toEqual(group)
      expect(await groups.find('Ops')).toEqual(group)
    })

    it('finds nothing under a name that could be none', async () => {
      for (const nothing of ['', 'ops\0', '__proto__', 'nowhere']) {
        expect(await groups.find(nothing)).toBeUndefined()
        expect(await groups.delete(nothing)).toBe(false)
        await expect(groups.update(nothing, {})).rejects.toMatchObject({ code: 'NAME_UNKNOWN' })
        await expect(groups.members(nothing)).rejects.toMatchObject({ code: 'NAME_UNKNOWN' })
        const none = { add: [], remove: [] }
        await expect(groups.changeMembers(nothing, none)).rejects.toMatchObject({ code: 'NAME_UNKNOWN' })
      }
    })

    it('refuses a name that is taken', async () => {
      await groups.create(plainGroup('ops', { description: 'first' }))
      await expect(groups.create(plainGroup('ops'))).rejects.toMatchObject({ code: 'CONFLICT' })
      expect(await groups.find('ops')).toMatchObject({ description: 'first' })
    })

    it('changes what a change names and nothing else', async () => {
      const made = await groups.create(plainGroup('ops', { description: 'd', externalId: 'cn=ops' }))
      expect(await groups.update('ops', {})).toEqual(made)
      const changed = await groups.update('ops', { autoJoin: true, externalId: undefined })
      expect(changed).toEqual({ ...made, autoJoin: true, externalId: undefined })
      expect(await groups.find('ops')).toEqual(changed)
    })

    it('lists by name in pages', async () => {
      for (const each of ['b', 'a', 'C', 'ä']) await groups.create(plainGroup(each))
      const first = await groups.list({ limit: 3, after: undefined })
      expect(first.items.map((group) => group.name)).toEqual(['C', 'a', 'b'])
      expect(first.more).toBe(true)
      const second = await groups.list({ limit: 3, after: 'b' })
      expect(second.items).toEqual([plainGroup('ä')])
      expect(second.more).toBe(false)
    })

    it('gives and takes memberships, once each', async () => {
      await groups.create(plainGroup('ops'))
      await groups.create(plainGroup('dev'))
      for (const each of ['ann', 'bob', 'eve']) await users.create({ name: each, groups: ['dev'] })
      await groups.changeMembers('ops', { add: ['eve', 'Ann', 'ann'], remove: [] })
      await groups.changeMembers('ops', { add: ['bob', 'ann'], remove: ['eve'] })
      expect(await groups.members('ops')).toEqual(['ann', 'bob'])
      expect(await groups.members('dev')).toEqual(['ann', 'bob', 'eve'])
      expect((await users.find('ann'))?.memberships.map(({ group }) => group)).toEqual(['dev', 'ops'])
    })

    it('refuses a user who does not exist, and then nothing is changed', async () => {
      await groups.create(plainGroup('ops'))
      await users.create({ name: 'ann' })
      await users.create({ name: 'bob', groups: ['ops'] })
      for (const change of [
        { add: ['ann', 'nobody'], remove: ['bob'] },
        { add: ['ann'], remove: ['bob', 'nobody'] },
      ]) {
        await expect(groups.changeMembers('ops', change)).rejects.toMatchObject({
          code: 'NAME_UNKNOWN',
          message: expect.stringContaining('"nobody"') as string,
        })
      }
      expect(await groups.members('ops')).toEqual(['bob'])
    })

    it('lists a member from a directory, and does not take that membership away', async () => {
      await groups.create(plainGroup('ops', { realm: 'ldap' }))
      const ann = {
        directory: 'corp',
        username: 'ann',
        dn: 'uid=ann',
        uniqueId: undefined,
        email: undefined,
        groups: [{ name: 'ops', dn: undefined }],
      }
      await users.confirm(ann, false, new Date(0))
      await users.confirm({ ...ann, username: 'guest' }, true, new Date(0))
      await groups.changeMembers('ops', { add: ['ann'], remove: [] })
      expect(await groups.members('ops')).toEqual(['ann'])
      await groups.changeMembers('ops', { add: [], remove: ['ann'] })
      expect((await users.find('ann'))?.memberships).toEqual([{ group: 'ops', source: 'corp' }])
    })

    it('takes the memberships of a deleted group along', async () => {
      await users.create({ name: 'root', admin: true })
      await groups.create(plainGroup('ops', { adminPrivileges: true }))
      await users.create({ name: 'ann', groups: ['ops'] })
      expect(await groups.delete('ops')).toBe(true)
      expect(await groups.delete('ops')).toBe(false)
      expect(await users.find('ann')).toMatchObject({ memberships: [], admin: false })
    })
  })
}
