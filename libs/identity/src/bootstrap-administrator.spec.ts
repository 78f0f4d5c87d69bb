import { describe, expect, it } from 'vitest'
import { bootstrapAdministrator } from './bootstrap-administrator.js'
import { PasswordHasher } from './password-hasher.js'
import { PasswordRule } from './password-rule.js'
import { corpIdentity, InMemoryUserAccountStore } from './testing/index.js'

const hasher = new PasswordHasher()

describe('bootstrapAdministrator', () => {
  it('makes admin with the password of the setting and shows none', async () => {
    const users = new InMemoryUserAccountStore()
    expect(await bootstrapAdministrator(users, hasher, 'chosen by hand 7')).toEqual({
      username: 'admin',
      generatedPassword: undefined,
    })
    const admin = await users.find('admin')
    expect(admin).toMatchObject({ admin: true, disabled: false })
    expect(await hasher.verify(admin?.passwordHash, 'chosen by hand 7')).toBe(true)
  })

  it('makes up a password without the setting and returns it once', async () => {
    const users = new InMemoryUserAccountStore()
    const made = await bootstrapAdministrator(users, hasher, undefined)
    expect(made?.generatedPassword).toMatch(/^[A-Za-z0-9]{24,}$/)
    expect(new PasswordRule().refusalOf('admin', made?.generatedPassword ?? '')).toBeUndefined()
    expect(
      await hasher.verify((await users.find('admin'))?.passwordHash, made?.generatedPassword ?? ''),
    ).toBe(true)
    expect(await bootstrapAdministrator(users, hasher, undefined)).toBeUndefined()
  })

  it.each(['password', 'admin', 'admin123', 'changeme', 'short', ''])(
    'refuses %j naming the setting, and makes nobody',
    async (password) => {
      const users = new InMemoryUserAccountStore()
      await expect(bootstrapAdministrator(users, hasher, password)).rejects.toMatchObject({
        code: 'REQUEST_INVALID',
        message: expect.stringContaining('ENTREPOT_ADMIN_PASSWORD') as string,
      })
      expect(await users.find('admin')).toBeUndefined()
    },
  )

  it('never touches an administrator who is there, whatever the setting says', async () => {
    const users = new InMemoryUserAccountStore()
    const boss = await users.create({ name: 'boss', admin: true })
    expect(await bootstrapAdministrator(users, hasher, 'password')).toBeUndefined()
    expect(await users.find('admin')).toBeUndefined()
    expect(await users.find('boss')).toEqual(boss)
  })

  it('never brings an administrator back who is disabled or was demoted', async () => {
    const users = new InMemoryUserAccountStore()
    const admin = await users.create({ name: 'admin', admin: true, disabled: true, passwordHash: 'kept' })
    expect(await bootstrapAdministrator(users, hasher, 'chosen by hand 7')).toBeUndefined()
    expect(await users.find('admin')).toEqual(admin)
    const demoted = await users.update('admin', { admin: false })
    expect(await bootstrapAdministrator(users, hasher, undefined)).toBeUndefined()
    expect(await users.find('admin')).toEqual(demoted)
  })

  it('makes nobody when the only administrator was one of a directory that has them no more', async () => {
    const users = new InMemoryUserAccountStore()
    const { id } = await users.confirm(corpIdentity(), false, new Date(0))
    await users.update('ann', { admin: true })
    await users.withdraw(id)
    expect(await bootstrapAdministrator(users, hasher, 'chosen by hand 7')).toBeUndefined()
    expect(await users.find('admin')).toBeUndefined()
  })

  it('makes an administrator of an admin who was there before any', async () => {
    const users = new InMemoryUserAccountStore()
    const { id } = await users.create({ name: 'admin', disabled: true })
    await bootstrapAdministrator(users, hasher, 'chosen by hand 7')
    expect(await users.find('admin')).toMatchObject({ id, admin: true, disabled: false })
  })

  it('takes the name from a user of a directory', async () => {
    const users = new InMemoryUserAccountStore()
    const identity = corpIdentity({ username: 'admin' })
    const { id } = await users.confirm(identity, false, new Date(0))
    await bootstrapAdministrator(users, hasher, 'chosen by hand 7')
    const admin = await users.find('admin')
    expect(admin).toMatchObject({ realm: 'internal', admin: true })
    expect(admin?.id).not.toBe(id)
  })
})
