import { RegistryError } from '@entrepot/kernel'
import { hashSync } from 'bcryptjs'
import { describe, expect, it } from 'vitest'
import { importHtpasswd } from './import-htpasswd.js'
import { PasswordHasher } from './password-hasher.js'
import { corpIdentity, InMemoryUserAccountStore, internalLogins } from './testing/index.js'

const bcrypt = hashSync('crane on the quay 7', 5)
const as = (prefix: string) => bcrypt.replace(/^\$2b\$/, prefix)

describe('importHtpasswd', () => {
  it('makes accounts of bcrypt lines, whose passwords work at once', async () => {
    const accounts = new InMemoryUserAccountStore()
    const text = `# people\r\nAnn:${as('$2y$')}\r\n\r\nbob:${as('$2a$')}\n  eve:${bcrypt}  \n`
    expect(await importHtpasswd(text, accounts)).toEqual({
      created: ['ann', 'bob', 'eve'],
      replaced: [],
      refused: [],
    })
    const logins = internalLogins(accounts, new PasswordHasher(), { now: () => 0 })
    for (const username of ['ann', 'bob', 'eve']) {
      expect(await logins.authenticate({ username, password: 'crane on the quay 8' })).toBeUndefined()
      expect(await logins.authenticate({ username, password: 'crane on the quay 7' })).toBeDefined()
      expect((await accounts.find(username))?.passwordHash).toMatch(/^\$argon2id\$/)
    }
    expect(await accounts.find('ann')).toMatchObject({ admin: false, realm: 'internal', kind: 'person' })
  })

  it('refuses what it can not take line by line, with the number and never with the hash', async () => {
    const accounts = new InMemoryUserAccountStore()
    const secrets = ['$apr1$salt$CANARY', '{SHA}CANARY', 'CANARYCANARY1', '$6$s$CANARY', '$2y$31$CANARY']
    const text = [
      ...secrets.map((secret, index) => `u${index}:${secret}`),
      'CANARY-without-colon',
      `:${bcrypt}`,
      `two  spaces:${bcrypt}`,
      `${'x'.repeat(256)}:${bcrypt}`,
      `costly:${as('$2y$').replace('$05$', '$31$')}`,
      `cheap:${bcrypt.replace('$05$', '$03$')}`,
      `good:${bcrypt}`,
      `GOOD:${bcrypt}`,
    ].join('\n')
    const { created, refused } = await importHtpasswd(text, accounts)
    expect(created).toEqual(['good'])
    expect(refused.map(({ line }) => line)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13])
    expect(JSON.stringify(refused)).not.toMatch(/CANARY|\$05\$|x{9}/)
    expect(refused[0]?.reason).toContain("Apache's MD5")
    expect(refused[9]?.reason).toContain('cost 31, expected at most 12')
    expect(refused[11]?.reason).toContain('line 12')
  })

  it('takes only names that the caller takes', async () => {
    const parseName = (name: string) => {
      if (name === 'ann') return 'anna'
      throw new RegistryError('REQUEST_INVALID', 'no such names here')
    }
    const accounts = new InMemoryUserAccountStore()
    expect(await importHtpasswd(`ann:${bcrypt}\nbob:${bcrypt}`, accounts, { parseName })).toEqual({
      created: ['anna'],
      replaced: [],
      refused: [{ line: 2, reason: 'no such names here' }],
    })
  })

  it('leaves who is here already as they are, unless told to replace', async () => {
    const accounts = new InMemoryUserAccountStore()
    const admin = await accounts.create({ name: 'admin', passwordHash: 'mine', admin: true })
    const text = `admin:${bcrypt}`
    const refused = [{ line: 1, reason: 'there is a user "admin" already' }]
    expect(await importHtpasswd(text, accounts)).toEqual({ created: [], replaced: [], refused })
    expect(await accounts.find('admin')).toEqual(admin)
    expect(await importHtpasswd(text, accounts, { replace: true })).toMatchObject({ replaced: ['admin'] })
    expect(await accounts.find('admin')).toEqual({ ...admin, credentialsRevision: 2, passwordHash: bcrypt })
  })

  it('gives no password to robots and to users of directories', async () => {
    const accounts = new InMemoryUserAccountStore()
    await accounts.create({ name: 'ci', kind: 'robot' })
    const identity = corpIdentity({ username: 'dora' })
    await accounts.confirm(identity, false, new Date(0))
    const { refused } = await importHtpasswd(`ci:${bcrypt}\ndora:${bcrypt}`, accounts, { replace: true })
    expect(refused.map(({ line }) => line)).toEqual([1, 2])
    expect(await accounts.find('dora')).toMatchObject({ realm: 'corp', passwordHash: undefined })
  })

  it('tells a failure of the store as a failure', async () => {
    const accounts = new InMemoryUserAccountStore()
    accounts.create = () => Promise.reject(new Error('connection lost'))
    await expect(importHtpasswd(`ann:${bcrypt}`, accounts)).rejects.toThrow('connection lost')
  })
})
