import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { UserAccountStore } from '../user-account-store.js'
import type { AccountStores } from './user-account-store.contract.js'

const ours = '$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA'
const imported = `$2y$05$${'a'.repeat(53)}`

/** What every implementation of the UserAccountStore port does with the hashes of passwords. */
export function passwordHashesContract(name: string, open: () => Promise<AccountStores>): void {
  describe(`${name} keeps the contract of UserAccountStore for hashes of passwords`, () => {
    let stores: AccountStores
    let users: UserAccountStore
    beforeEach(async () => {
      stores = await open()
      users = stores.users
    })
    afterEach(() => stores.close())

    it('replaces a hash only while it is the one that was verified', async () => {
      const { id } = await users.create({ name: 'ann', passwordHash: 'old' })
      expect(await users.replaceHash(id, 'other', 'new')).toBe(false)
      expect(await users.replaceHash(id, 'old', 'new')).toBe(true)
      expect(await users.replaceHash(id, 'old', 'newer')).toBe(false)
      expect(await users.find('ann')).toMatchObject({ passwordHash: 'new' })
    })

    it('knows whether any hash is from elsewhere', async () => {
      expect(await users.hasForeignHashes()).toBe(false)
      await users.create({ name: 'ann', passwordHash: ours })
      await users.create({ name: 'bob' })
      expect(await users.hasForeignHashes()).toBe(false)
      const { id } = await users.create({ name: 'carl', passwordHash: imported, disabled: true })
      expect(await users.hasForeignHashes()).toBe(true)
      await users.replaceHash(id, imported, ours)
      expect(await users.hasForeignHashes()).toBe(false)
    })
  })
}
