import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { DirectoryIdentity } from '../directories/user-directory.js'
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

    it('lets them be who they were when they return within a week of their last confirmation', async () => {
      const { id } = await withdrawn()
      const returned = { ...dev, dn: 'UID=ann, OU=people, DC=corp' }
      expect(await users.confirm(returned, false, days(6.9))).toMatchObject({
        id,
        ownAdmin: true,
        directory: { confirmedAt: days(6.9) },
        memberships: [
          { group: 'dev', source: 'corp' },
          { group: 'ops', source: 'internal' },
        ],
      })
      expect(await users.hasAdministrator()).toBe(true)
      await users.withdraw(id, days(8))
      expect(await users.confirm(dev, false, days(13))).toMatchObject({ id })
    })

    it.each([
      ['a week after the last confirmation', dev, 7],
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

    describe('and of entries that are other than before', () => {
      const entry = (uniqueId: string | undefined, more: Partial<DirectoryIdentity> = {}) =>
        corpIdentity({ uniqueId, ...more })
      const elsewhere = { dn: 'uid=ann,ou=new,dc=corp' }
      const chief = async (identity: DirectoryIdentity) => {
        await groups.create(plainGroup('ops'))
        const made = await users.confirm(identity, false, at)
        await users.update('ann', { groups: ['ops'], admin: true, email: 'left@corp.example' })
        return made
      }

      it.each([
        ['the id of before, after 200 days', entry('entryuuid:1'), entry('entryuuid:1'), 200],
        ['the id of before at another place', entry('entryuuid:1'), entry('entryuuid:1', elsewhere), 200],
        ['no id, at the same place within a week', entry(undefined), entry(undefined), 6.9],
        ['an id that was not shown before, within a week', entry(undefined), entry('entryuuid:1'), 6.9],
        ['no id any more, within a week', entry('entryuuid:1'), entry(undefined), 6.9],
        ['an id of another kind, within a week', entry('nsuniqueid:1'), entry('entryuuid:2'), 6.9],
      ])('knows who has %s', async (_what, before, after, day) => {
        const { id } = await chief(before)
        expect(await users.confirm(after, false, days(day))).toMatchObject({ id, ownAdmin: true })
      })

      it.each([
        ['another id, at the same place a moment later', entry('entryuuid:1'), entry('entryuuid:2'), 0.001],
        ['another id after 200 days', entry('entryuuid:1'), entry('entryuuid:2'), 200],
        ['no id, at the same place after a week', entry(undefined), entry(undefined), 7],
        ['no id, at another place', entry(undefined), entry(undefined, elsewhere), 0.001],
        ['an id that was not shown before, after a week', entry(undefined), entry('entryuuid:1'), 7],
        ['no id any more, at another place', entry('entryuuid:1'), entry(undefined, elsewhere), 0.001],
        ['an id of another kind, at another place', entry('a:1'), entry('b:1', elsewhere), 0.001],
      ])('makes somebody else of who has %s', async (_what, before, after, day) => {
        const { id } = await chief(before)
        const successor = await users.confirm({ ...after, email: undefined }, false, days(day))
        expect(successor.id).not.toBe(id)
        expect(successor).toMatchObject({ admin: false, email: undefined, memberships: [] })
        expect(await users.confirm(after, false, days(day))).toMatchObject({ id: successor.id })
      })

      it('remembers an id that the server hides for a while', async () => {
        const { id } = await chief(entry('entryuuid:1'))
        await users.confirm(entry(undefined), false, days(1))
        expect((await users.confirm(entry('entryuuid:2'), false, days(2))).id).not.toBe(id)
      })

      it('knows that a withdrawal noticed late does not make a leaver of last year return', async () => {
        const { id } = await chief(entry(undefined))
        await users.withdraw(id, days(200))
        expect((await users.confirm(entry(undefined), false, days(201))).id).not.toBe(id)
      })

      it('lets who was withdrawn return with the id of before, whenever', async () => {
        const { id } = await chief(entry('entryuuid:1'))
        await users.withdraw(id, days(1))
        expect(await users.confirm(entry('entryuuid:1'), false, days(90))).toMatchObject({ id, admin: true })
      })
    })

    it('never withdraws a user of its own', async () => {
      const ann = await users.create({ name: 'ann', admin: true })
      await users.withdraw(ann.id, at)
      expect(await users.find('ann')).toEqual(ann)
    })
  })
}
