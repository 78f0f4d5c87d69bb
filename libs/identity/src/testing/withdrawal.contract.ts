import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { GroupStore } from '../group-store.js'
import type { UserAccountStore } from '../user-account-store.js'
import { type AccountStores, corpIdentity, plainGroup } from './user-account-store.contract.js'

const at = new Date('2026-11-20T12:00:00.123Z')

/** What every implementation of the UserAccountStore port does with users whom their directory has no more. */
export function withdrawalContract(name: string, open: () => Promise<AccountStores>): void {
  describe(`${name} keeps the contract of withdrawals`, () => {
    let stores: AccountStores
    let users: UserAccountStore
    let groups: GroupStore
    beforeEach(async () => {
      stores = await open()
      users = stores.users
      groups = stores.groups
    })
    afterEach(() => stores.close())

    const dev = corpIdentity({ groups: [{ name: 'dev', dn: undefined }] })
    const days = (count: number) => new Date(at.getTime() + count * 24 * 60 * 60_000)
    const withdrawn = async () => {
      await groups.create(plainGroup('dev', { realm: 'ldap' }))
      await groups.create(plainGroup('ops'))
      const made = await users.confirm(dev, false, at)
      await users.update('ann', { groups: ['ops'], admin: true })
      await users.withdraw(made.id, days(1))
      return made
    }

    it('keeps what was given here, and nothing that lets them in', async () => {
      const { id } = await withdrawn()
      const gone = await users.find('ann')
      expect(gone).toMatchObject({
        id,
        realm: 'corp',
        directory: undefined,
        memberships: [{ group: 'ops', source: 'internal' }],
      })
      expect(await users.hasAdministrator()).toBe(false)
      await users.withdraw(id, days(6))
      expect(await users.find('ann')).toEqual(gone)
    })

    it('lets them be who they were when they return within a week', async () => {
      const { id } = await withdrawn()
      const returned = { ...dev, dn: 'UID=ann, OU=people, DC=corp' }
      expect(await users.confirm(returned, false, days(7.9))).toMatchObject({
        id,
        ownAdmin: true,
        directory: { confirmedAt: days(7.9) },
        memberships: [
          { group: 'dev', source: 'corp' },
          { group: 'ops', source: 'internal' },
        ],
      })
      expect(await users.hasAdministrator()).toBe(true)
      await users.withdraw(id, days(20))
      expect(await users.confirm(dev, false, days(21))).toMatchObject({ id })
    })

    it.each([
      ['after a week', dev, 8],
      ['from another place in the directory', { ...dev, dn: 'uid=ann,ou=new,dc=corp' }, 2],
      ['from another directory', { ...dev, directory: 'partner' }, 2],
    ])('makes somebody else of who comes %s', async (_what, confirmed, day) => {
      const { id } = await withdrawn()
      await users.update('ann', { email: 'left@corp.example' })
      const successor = await users.confirm(confirmed, false, days(day))
      expect(successor.id).not.toBe(id)
      expect(successor).toMatchObject({
        admin: false,
        memberships: [{ group: 'dev', source: confirmed.directory }],
      })
    })

    it('never withdraws a user of its own', async () => {
      const ann = await users.create({ name: 'ann', admin: true })
      await users.withdraw(ann.id, at)
      expect(await users.find('ann')).toEqual(ann)
    })
  })
}
