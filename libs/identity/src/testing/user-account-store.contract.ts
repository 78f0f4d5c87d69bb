import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { DirectoryIdentity } from '../directories/user-directory.js'
import type { Group, GroupStore } from '../group-store.js'
import type { UserAccountStore } from '../user-account-store.js'

export interface AccountStores {
  readonly users: UserAccountStore
  readonly groups: GroupStore
  close(): Promise<void>
}

export const plainGroup = (name: string, particulars: Partial<Group> = {}): Group => ({
  name,
  description: '',
  autoJoin: false,
  adminPrivileges: false,
  realm: 'internal',
  realmAttributes: undefined,
  externalId: undefined,
  ...particulars,
})

const at = new Date('2026-11-20T12:00:00.123Z')

export const corpIdentity = (particulars: Partial<DirectoryIdentity> = {}): DirectoryIdentity => ({
  directory: 'corp',
  username: 'ann',
  dn: 'uid=ann,ou=people,dc=corp',
  uniqueId: undefined,
  email: 'ann@corp.example',
  groups: [],
  ...particulars,
})

/** What every implementation of the UserAccountStore port does. */
export function userAccountStoreContract(name: string, open: () => Promise<AccountStores>): void {
  describe(`${name} keeps the contract of UserAccountStore`, () => {
    let stores: AccountStores
    let users: UserAccountStore
    let groups: GroupStore
    beforeEach(async () => {
      stores = await open()
      users = stores.users
      groups = stores.groups
    })
    afterEach(() => stores.close())

    it('creates an account with nothing but a name', async () => {
      const made = await users.create({ name: 'ann' })
      expect(made).toEqual({
        id: expect.any(String) as string,
        name: 'ann',
        kind: 'person',
        realm: 'internal',
        email: undefined,
        passwordHash: undefined,
        credentialsRevision: 1,
        admin: false,
        ownAdmin: false,
        disabled: false,
        profileUpdatable: true,
        uiAccessDisabled: false,
        internalPasswordDisabled: false,
        transient: false,
        directory: undefined,
        lastLoginAt: undefined,
        memberships: [],
      })
      expect(await users.find('ann')).toEqual(made)
    })

    it('creates an account with everything said', async () => {
      await groups.create(plainGroup('ops'))
      const everything = {
        kind: 'robot',
        email: 'ci@corp.example',
        passwordHash: '$argon2id$x',
        admin: true,
        disabled: true,
        profileUpdatable: false,
        uiAccessDisabled: true,
        internalPasswordDisabled: true,
      } as const
      await users.create({ name: 'ci', ...everything, groups: ['ops', 'ops'] })
      expect(await users.find('ci')).toMatchObject({
        ...everything,
        memberships: [{ group: 'ops', source: 'internal' }],
      })
    })

    it('knows one name in any case', async () => {
      await users.create({ name: 'Änn' })
      expect(await users.find('ÄNN')).toMatchObject({ name: 'änn' })
      await expect(users.create({ name: 'äNN' })).rejects.toMatchObject({ code: 'CONFLICT' })
      expect(await users.update('ÄnN', { email: 'x@y' })).toMatchObject({ email: 'x@y' })
      expect(await users.delete('äNn')).toBe(true)
    })

    it('finds nobody under a name that could be none', async () => {
      for (const nobody of ['', 'ann\0', '__proto__', 'constructor', "x' OR '1'='1"]) {
        expect(await users.find(nobody)).toBeUndefined()
        expect(await users.delete(nobody)).toBe(false)
        await expect(users.update(nobody, {})).rejects.toMatchObject({ code: 'NAME_UNKNOWN' })
      }
    })

    it('refuses a group that does not exist, and then nothing is made or changed', async () => {
      await expect(users.create({ name: 'ann', groups: ['nowhere'] })).rejects.toMatchObject({
        code: 'REQUEST_INVALID',
        message: expect.stringContaining('"nowhere"') as string,
      })
      expect(await users.find('ann')).toBeUndefined()
      const made = await users.create({ name: 'ann' })
      const change = { admin: true, groups: ['nowhere'] }
      await expect(users.update('ann', change)).rejects.toMatchObject({ code: 'REQUEST_INVALID' })
      expect(await users.find('ann')).toEqual(made)
    })

    it('gives an account that is made anew another id and nothing of the one before', async () => {
      await users.create({ name: 'root', admin: true })
      await groups.create(plainGroup('ops'))
      const before = await users.create({ name: 'ann', groups: ['ops'], admin: true })
      expect(await users.delete('ann')).toBe(true)
      expect(await users.delete('ann')).toBe(false)
      const after = await users.create({ name: 'ann' })
      expect(after.id).not.toBe(before.id)
      expect(after).toMatchObject({ memberships: [], admin: false })
      expect(await groups.members('ops')).toEqual([])
    })

    it('changes what a change names and nothing else', async () => {
      await users.create({ name: 'root', admin: true })
      await groups.create(plainGroup('ops'))
      await groups.create(plainGroup('dev'))
      const made = await users.create({
        name: 'ann',
        email: 'a@b',
        passwordHash: 'hash',
        groups: ['ops'],
        admin: true,
      })
      expect(await users.update('ann', {})).toEqual(made)
      expect(await users.update('ann', { disabled: true, groups: ['dev'] })).toEqual({
        ...made,
        disabled: true,
        credentialsRevision: 2,
        memberships: [{ group: 'dev', source: 'internal' }],
      })
      const bare = await users.update('ann', { email: undefined, passwordHash: undefined, admin: false })
      expect(bare).toMatchObject({ email: undefined, passwordHash: undefined, admin: false, disabled: true })
      expect(await users.find('ann')).toEqual(bare)
    })

    it('lists by name in pages, without transient accounts', async () => {
      for (const each of ['zoë', 'ann', 'bob-2', 'bob']) await users.create({ name: each })
      await users.confirm(corpIdentity({ username: 'guest' }), true, at)
      const first = await users.list({ limit: 2, after: undefined })
      expect(first.items.map((user) => user.name)).toEqual(['ann', 'bob'])
      expect(first.more).toBe(true)
      const second = await users.list({ limit: 2, after: 'bob' })
      expect(second.items.map((user) => user.name)).toEqual(['bob-2', 'zoë'])
      expect(second).toMatchObject({ more: false, warnings: [] })
      expect(second.items[0]).toEqual(await users.find('bob-2'))
    })

    it('knows an administrator by themselves or by a group, unless disabled', async () => {
      await groups.create(plainGroup('chiefs', { adminPrivileges: true }))
      expect(await users.hasAdministrator()).toBe(false)
      await users.create({ name: 'ann', groups: ['chiefs'] })
      expect(await users.find('ann')).toMatchObject({ admin: true, ownAdmin: false })
      expect(await users.hasAdministrator()).toBe(true)
      await users.create({ name: 'gone', admin: true, disabled: true })
      await expect(users.update('ann', { disabled: true })).rejects.toMatchObject({ code: 'CONFLICT' })
      await users.create({ name: 'bob', admin: true })
      await users.update('ann', { disabled: true })
      expect(await users.find('bob')).toMatchObject({ admin: true, ownAdmin: true })
      expect(await users.hasAdministrator()).toBe(true)
      await groups.update('chiefs', { adminPrivileges: false })
      expect(await users.find('ann')).toMatchObject({ admin: false })
    })

    it('knows for good that there was an administrator, however they came and whatever became of them', async () => {
      expect(await users.hasHadAdministrator()).toBe(false)
      await users.create({ name: 'bob' })
      await users.confirm(corpIdentity(), false, at)
      await users.update('bob', { admin: false, disabled: true })
      expect(await users.hasHadAdministrator()).toBe(false)
      const ann = await users.update('ann', { admin: true })
      expect(await users.hasHadAdministrator()).toBe(true)
      await users.withdraw(ann.id, at)
      expect(await users.hasAdministrator()).toBe(false)
      await users.delete('ann')
      expect(await users.hasHadAdministrator()).toBe(true)
    })

    it('knows that there was an administrator who was made one at once', async () => {
      await users.create({ name: 'ann', admin: true })
      expect(await users.hasHadAdministrator()).toBe(true)
    })

    it('keeps the last administrator who is enabled, and changes nothing then', async () => {
      await groups.create(plainGroup('chiefs', { adminPrivileges: true }))
      await users.create({ name: 'ann', admin: true })
      await users.create({ name: 'gone', admin: true, disabled: true })
      const conflict = {
        code: 'CONFLICT',
        message: expect.stringContaining('nobody could administer') as string,
      }
      await expect(users.update('ann', { admin: false, email: 'x@y' })).rejects.toMatchObject(conflict)
      await expect(users.update('ann', { disabled: true })).rejects.toMatchObject(conflict)
      await expect(users.delete('ann')).rejects.toMatchObject(conflict)
      expect(await users.find('ann')).toMatchObject({ admin: true, disabled: false, email: undefined })
      await users.create({ name: 'bob', groups: ['chiefs'] })
      await users.update('ann', { admin: false })
      await expect(groups.update('chiefs', { adminPrivileges: false })).rejects.toMatchObject(conflict)
      await expect(groups.delete('chiefs')).rejects.toMatchObject(conflict)
      const without = { add: [], remove: ['bob'] }
      await expect(groups.changeMembers('chiefs', without)).rejects.toMatchObject(conflict)
      await expect(users.update('bob', { groups: [] })).rejects.toMatchObject(conflict)
      expect(await users.find('bob')).toMatchObject({ admin: true })
      expect(await users.delete('ann')).toBe(true)
    })

    it('keeps one of two administrators who are demoted at one time', async () => {
      const names = ['ann', 'bob', 'eve']
      for (const name of names) await users.create({ name, admin: true })
      const outcomes = await Promise.allSettled(names.map((name) => users.update(name, { admin: false })))
      expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(1)
      expect(await users.hasAdministrator()).toBe(true)
    })

    it('makes new users, and those of directories, members of the groups that say so', async () => {
      await groups.create(plainGroup('readers', { autoJoin: true }))
      await groups.create(plainGroup('ops'))
      const readers = { group: 'readers', source: 'internal' }
      const ops = { group: 'ops', source: 'internal' }
      expect((await users.create({ name: 'bob', groups: ['ops'] })).memberships).toEqual([ops, readers])
      expect((await users.confirm(corpIdentity(), false, at)).memberships).toEqual([readers])
      await groups.changeMembers('readers', { add: [], remove: ['ann'] })
      expect((await users.confirm(corpIdentity(), false, at)).memberships).toEqual([])
    })

    it('makes an account of what a directory confirms', async () => {
      const made = await users.confirm(corpIdentity({ username: 'Ann' }), false, at)
      expect(made).toMatchObject({
        name: 'ann',
        kind: 'person',
        realm: 'corp',
        email: 'ann@corp.example',
        admin: false,
        disabled: false,
        transient: false,
        directory: { dn: 'uid=ann,ou=people,dc=corp', confirmedAt: at },
      })
      expect(await users.find('ann')).toEqual(made)
    })

    it('renews an account that a directory confirms again, and keeps what was given here', async () => {
      await groups.create(plainGroup('ops'))
      const uniqueId = 'entryuuid:1'
      const made = await users.confirm(corpIdentity({ uniqueId }), true, at)
      await users.update('ann', { groups: ['ops'], disabled: true, admin: true })
      const later = new Date(at.getTime() + 60_000)
      const moved = corpIdentity({ uniqueId, dn: 'uid=ann,ou=left,dc=corp', email: undefined })
      expect(await users.confirm(moved, false, later)).toMatchObject({
        id: made.id,
        email: 'ann@corp.example',
        disabled: true,
        admin: true,
        transient: true,
        directory: { dn: 'uid=ann,ou=left,dc=corp', confirmedAt: later },
        memberships: [{ group: 'ops', source: 'internal' }],
      })
    })

    it('counts a password that the directory says was changed, once, and no time that is missing or older', async () => {
      const revisionAfter = async (time: string | undefined) => {
        const passwordChangedAt = time === undefined ? undefined : new Date(time)
        return (await users.confirm(corpIdentity({ passwordChangedAt }), false, at)).credentialsRevision
      }
      const first = await revisionAfter(undefined)
      expect(await revisionAfter(undefined)).toBe(first)
      for (const [times, changed] of ['2026-01-01T00:00:00.000Z', '2026-02-01T00:00:00.123Z'].entries()) {
        for (const seen of [changed, undefined, '2025-12-31T00:00:00.000Z', changed]) {
          expect(await revisionAfter(seen)).toBe(first + times + 1)
          expect((await users.find('ann'))?.directory?.passwordChangedAt).toEqual(new Date(changed))
        }
      }
    })

    it('maps directory groups by name and by DN without regard to case, and only where a group says so', async () => {
      await groups.create(plainGroup('Entwickler-Ä', { realm: 'ldap' }))
      await groups.create(plainGroup('by-name', { realm: 'ldap', externalId: 'Release Managers' }))
      await groups.create(
        plainGroup('by-dn', {
          realm: 'ldap',
          externalId: 'CN=Ops, OU=Groups, DC=corp',
          adminPrivileges: true,
        }),
      )
      await groups.create(plainGroup('domain admins'))
      await groups.create(plainGroup('elsewhere', { realm: 'ldap', externalId: 'cn=ops,ou=other,dc=corp' }))
      const directoryGroups = [
        { name: 'ENTWICKLER-ä', dn: undefined },
        { name: 'release managers', dn: 'cn=rm,ou=groups,dc=corp' },
        { name: 'operators', dn: 'cn=ops,ou=groups,dc=corp' },
        { name: 'domain admins', dn: 'cn=domain admins,dc=corp' },
      ]
      const made = await users.confirm(corpIdentity({ groups: directoryGroups }), false, at)
      expect(made.memberships).toEqual([
        { group: 'Entwickler-Ä', source: 'corp' },
        { group: 'by-dn', source: 'corp' },
        { group: 'by-name', source: 'corp' },
      ])
      expect(made).toMatchObject({ admin: true, ownAdmin: false })
    })

    it('replaces memberships that come from the directory, beside the same one given here', async () => {
      await groups.create(plainGroup('dev', { realm: 'ldap' }))
      await groups.create(plainGroup('ops', { realm: 'ldap' }))
      const inGroup = (name: string) => corpIdentity({ groups: [{ name, dn: undefined }] })
      await users.confirm(inGroup('dev'), false, at)
      await users.update('ann', { groups: ['dev'] })
      expect((await users.find('ann'))?.memberships).toEqual([
        { group: 'dev', source: 'corp' },
        { group: 'dev', source: 'internal' },
      ])
      expect((await users.confirm(inGroup('ops'), false, at)).memberships).toEqual([
        { group: 'dev', source: 'internal' },
        { group: 'ops', source: 'corp' },
      ])
    })

    it('makes somebody else of a name that another directory confirms', async () => {
      await groups.create(plainGroup('dev', { realm: 'ldap' }))
      await groups.create(plainGroup('ops'))
      const dev = [{ name: 'dev', dn: undefined }]
      const first = await users.confirm(corpIdentity({ groups: dev }), false, at)
      await users.update('ann', { groups: ['ops'], admin: true, disabled: true })
      const second = await users.confirm(corpIdentity({ directory: 'partner', groups: dev }), false, at)
      expect(second.id).not.toBe(first.id)
      expect(second).toMatchObject({
        realm: 'partner',
        admin: false,
        disabled: true,
        memberships: [{ group: 'dev', source: 'partner' }],
      })
    })

    it('never lets a directory confirm a name that lives here', async () => {
      const ann = await users.create({ name: 'ann', admin: true })
      await expect(users.confirm(corpIdentity(), false, at)).rejects.toMatchObject({ code: 'CONFLICT' })
      await users.create({ name: 'ci', kind: 'robot' })
      const robot = corpIdentity({ username: 'CI' })
      await expect(users.confirm(robot, false, at)).rejects.toMatchObject({ code: 'CONFLICT' })
      await expect(users.create({ name: 'ann' })).rejects.toMatchObject({ code: 'CONFLICT' })
      expect(await users.find('ann')).toEqual(ann)
    })

    it('makes one account of many confirmations at one time', async () => {
      await groups.create(plainGroup('dev', { realm: 'ldap' }))
      const dev = corpIdentity({ groups: [{ name: 'dev', dn: undefined }] })
      const made = await Promise.all(Array.from({ length: 8 }, () => users.confirm(dev, false, at)))
      expect(new Set(made.map(({ id }) => id)).size).toBe(1)
      expect((await users.find('ann'))?.memberships).toEqual([{ group: 'dev', source: 'corp' }])
    })

    it('counts the changes after which refresh tokens are worth nothing', async () => {
      await users.create({ name: 'root', admin: true })
      const { id, credentialsRevision } = await users.create({ name: 'ann', passwordHash: 'old' })
      expect(credentialsRevision).toBe(1)
      await users.replaceHash(id, 'old', 'a better hash of the same')
      await users.update('ann', { email: 'a@b', admin: true, groups: [] })
      expect(await users.find('ann')).toMatchObject({ credentialsRevision: 1 })
      expect(await users.update('ann', { passwordHash: 'new' })).toMatchObject({ credentialsRevision: 2 })
      expect(await users.update('ann', { disabled: true })).toMatchObject({ credentialsRevision: 3 })
      expect(await users.update('ann', { disabled: false })).toMatchObject({ credentialsRevision: 3 })
      expect(await users.update('ann', { passwordHash: undefined })).toMatchObject({ credentialsRevision: 4 })
    })

    it('remembers the last login', async () => {
      const { id } = await users.create({ name: 'ann' })
      await users.recordLogin(id, at)
      expect(await users.find('ann')).toMatchObject({ lastLoginAt: at })
    })
  })
}
