import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { AccessToken, AccessTokenHashes, AccessTokenStore } from '../tokens/access-token-store.js'
import type { UserAccountStore } from '../user-account-store.js'

export interface AccessTokenStores {
  readonly tokens: AccessTokenStore
  readonly users: UserAccountStore
  close(): Promise<void>
}

const now = new Date('2026-05-01T12:00:00.123Z')
const after = (seconds: number) => new Date(now.getTime() + seconds * 1000)

/** What every implementation of the AccessTokenStore port does. */
export function accessTokenStoreContract(name: string, open: () => Promise<AccessTokenStores>): void {
  describe(`${name} keeps the contract of AccessTokenStore`, () => {
    let stores: AccessTokenStores
    let tokens: AccessTokenStore
    beforeEach(async () => {
      stores = await open()
      tokens = stores.tokens
    })
    afterEach(() => stores.close())

    const tokenOf = (particulars: Partial<AccessToken> = {}): AccessToken => ({
      id: randomUUID(),
      familyId: randomUUID(),
      parentFamilyId: undefined,
      subject: 'pipeline',
      userId: undefined,
      scope: 'applied-permissions/groups:"a b"',
      audience: '*@*',
      description: '',
      createdBy: 'root',
      createdAt: now,
      expiresAt: undefined,
      lastUsedAt: undefined,
      revokedAt: undefined,
      refreshable: false,
      ...particulars,
    })
    const hashesOf = (token: AccessToken): AccessTokenHashes => ({
      secret: `secret of ${token.id}`,
      refresh: token.refreshable ? `refresh of ${token.id}` : undefined,
    })
    const add = async (particulars: Partial<AccessToken> = {}): Promise<AccessToken> => {
      const token = tokenOf(particulars)
      expect(await tokens.add(token, hashesOf(token))).toBe(true)
      return token
    }

    it('keeps all that is said of a token, and finds it by id and by each of its secrets', async () => {
      const ann = await stores.users.create({ name: 'ann' })
      const plain = await add()
      const full = await add({
        subject: 'ann',
        userId: ann.id,
        description: "Ann's \u{1f511}",
        audience: 'ci@here',
        expiresAt: after(60),
        refreshable: true,
      })
      for (const token of [plain, full]) {
        expect(await tokens.find(token.id)).toEqual(token)
        expect(await tokens.findBySecret(hashesOf(token).secret)).toEqual(token)
      }
      expect(await tokens.findByRefreshToken(`refresh of ${full.id}`)).toEqual(full)
      expect(await tokens.findByRefreshToken(`refresh of ${plain.id}`)).toBeUndefined()
      expect(await tokens.findBySecret(`refresh of ${full.id}`)).toBeUndefined()
    })

    it.each(['', 'x', "' OR 1=1", '__proto__', randomUUID()])(
      'finds and revokes nothing under %j',
      async (id) => {
        await add()
        expect(await tokens.find(id)).toBeUndefined()
        expect(await tokens.findBySecret(id)).toBeUndefined()
        expect(await tokens.revoke(id, now)).toBeUndefined()
      },
    )

    it('lists what works, by id in pages, of everybody or of one subject', async () => {
      const made = [
        await add(),
        await add({ subject: 'ci' }),
        await add({ expiresAt: after(1) }),
        await add(),
      ]
      await add({ expiresAt: now })
      await tokens.revoke((await add()).id, now)
      const sorted = made.map(({ id }) => id).sort()
      const first = await tokens.list(now, undefined, { limit: 3, after: undefined })
      expect(first.items.map(({ id }) => id)).toEqual(sorted.slice(0, 3))
      expect(first.more).toBe(true)
      const rest = await tokens.list(now, undefined, { limit: 3, after: sorted[2] })
      expect(rest.items.map(({ id }) => id)).toEqual(sorted.slice(3))
      expect(rest.more).toBe(false)
      const page = { limit: 10, after: undefined }
      expect((await tokens.list(now, 'ci', page)).items).toEqual([made[1]])
      expect((await tokens.list(now, 'nobody', page)).items).toEqual([])
    })

    it('revokes once', async () => {
      const token = await add()
      expect(await tokens.revoke(token.id, after(1))).toEqual({ ...token, revokedAt: after(1) })
      expect(await tokens.revoke(token.id, after(2))).toBeUndefined()
      expect(await tokens.find(token.id)).toMatchObject({ revokedAt: after(1) })
    })

    it('revokes a whole family and nobody else, and keeps when others of it were revoked', async () => {
      const familyId = randomUUID()
      const [first, second] = [await add({ familyId }), await add({ familyId })]
      const stranger = await add()
      await tokens.revoke(first.id, now)
      const revoked = await tokens.revokeFamily(familyId, after(5))
      expect(revoked).toEqual([{ ...second, revokedAt: after(5) }])
      expect(await tokens.revokeFamily(familyId, after(6))).toEqual([])
      expect(await tokens.revokeFamily(randomUUID(), after(6))).toEqual([])
      expect(await tokens.find(first.id)).toMatchObject({ revokedAt: now })
      expect(await tokens.find(second.id)).toMatchObject({ revokedAt: after(5) })
      expect(await tokens.find(stranger.id)).toEqual(stranger)
    })

    it('revokes what was made with a family, and with that, the family first', async () => {
      const first = await add()
      const made = (parent: AccessToken) => add({ parentFamilyId: parent.familyId })
      const [child, sibling] = [await made(first), await made(first)]
      const grandchild = await made(child)
      // The middle of the line was revoked alone: what was made with it is still there.
      expect(await tokens.revoke(child.id, now)).toEqual({ ...child, revokedAt: now })
      expect(await tokens.find(grandchild.id)).toEqual(grandchild)
      const stranger = await made(await add())
      const revoked = await tokens.revokeFamily(first.familyId, after(5))
      expect(revoked[0]?.id).toBe(first.id)
      const ids = (list: readonly AccessToken[]) => list.map(({ id }) => id).sort()
      expect(ids(revoked)).toEqual(ids([first, sibling, grandchild]))
      expect(await tokens.find(child.id)).toMatchObject({ revokedAt: now })
      expect(await tokens.find(stranger.id)).toEqual(stranger)
    })

    it('adds nothing that was made with a family that works no more', async () => {
      const parent = await add()
      await tokens.revoke(parent.id, now)
      for (const parentFamilyId of [parent.familyId, randomUUID()]) {
        const late = tokenOf({ parentFamilyId })
        expect(await tokens.add(late, hashesOf(late))).toBe(false)
        expect(await tokens.find(late.id)).toBeUndefined()
      }
    })

    it('leaves nothing of a family, whatever is made and refreshed with it meanwhile', async () => {
      const parent = await add({ refreshable: true })
      const heir = tokenOf({ familyId: parent.familyId, refreshable: true })
      const children = Array.from({ length: 8 }, () => tokenOf({ parentFamilyId: parent.familyId }))
      const grandchildren = children.map((child) => tokenOf({ parentFamilyId: child.familyId }))
      const line = async (index: number) => {
        const [child, grandchild] = [children[index], grandchildren[index]]
        if (child === undefined || grandchild === undefined) throw new Error('no child')
        if (await tokens.add(child, hashesOf(child))) await tokens.add(grandchild, hashesOf(grandchild))
      }
      await Promise.all([
        tokens.replace(parent.id, heir, hashesOf(heir)),
        ...children.slice(0, 4).map((_child, index) => line(index)),
        tokens.revokeFamily(parent.familyId, after(5)),
        ...children.slice(4).map((_child, index) => line(index + 4)),
      ])
      for (const { id } of [parent, heir, ...children, ...grandchildren]) {
        const token = await tokens.find(id)
        if (token !== undefined) expect(token.revokedAt).toBeDefined()
      }
    })

    it('replaces a token once, however many ask at a time', async () => {
      const old = await add({ refreshable: true })
      const heirs = Array.from({ length: 5 }, () => tokenOf({ refreshable: true, createdAt: after(5) }))
      const outcomes = await Promise.all(heirs.map((heir) => tokens.replace(old.id, heir, hashesOf(heir))))
      expect(outcomes.filter(Boolean)).toHaveLength(1)
      expect(await tokens.find(old.id)).toMatchObject({ revokedAt: after(5) })
      const found = await Promise.all(heirs.map(({ id }) => tokens.find(id)))
      expect(found.map((token) => token !== undefined)).toEqual(outcomes)
    })

    it('records the latest use', async () => {
      const [used, other] = [await add(), await add()]
      await tokens.recordUses(
        new Map([
          [used.id, after(60)],
          [randomUUID(), after(60)],
        ]),
      )
      await tokens.recordUses(new Map([[used.id, after(30)]]))
      expect(await tokens.find(used.id)).toMatchObject({ lastUsedAt: after(60) })
      expect(await tokens.find(other.id)).toMatchObject({ lastUsedAt: undefined })
    })
  })
}
