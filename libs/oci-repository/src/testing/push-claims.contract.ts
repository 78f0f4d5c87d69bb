import { digestOf } from '@entrepot/kernel'
import { parseImageName } from '@entrepot/oci-model'
import type { RepositoryId } from '@entrepot/repositories'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { PushClaims } from '../push-claims.js'

export interface OpenedClaims {
  readonly claims: PushClaims
  /** A repository that exists. */
  readonly repository: RepositoryId
  close(): Promise<void>
}

/** What every implementation of the PushClaims port does. */
export function pushClaimsContract(name: string, open: () => Promise<OpenedClaims>): void {
  describe(`${name} keeps the contract of PushClaims`, () => {
    const image = parseImageName('team/app')
    const digest = digestOf(Buffer.from('brought'))
    const other = digestOf(Buffer.from('brought by nobody'))
    const noon = new Date(Date.now() + 12 * 3600 * 1000)
    const before = new Date(noon.getTime() - 1)
    let opened: OpenedClaims
    beforeEach(async () => {
      opened = await open()
    })
    afterEach(() => opened.close())

    const add = (expiresAt = noon) =>
      opened.claims.add({ repository: opened.repository, image, digest, owner: 'ann', expiresAt })
    const held = (now = before, owner = 'ann', name = image) =>
      opened.claims.held(opened.repository, name, owner, [other, digest], now)

    it('tells what an owner brought to an image, and nobody else', async () => {
      await add()
      expect(await held()).toEqual([digest])
      expect(await held(before, 'bob')).toEqual([])
      expect(await held(before, 'ann', parseImageName('team/other'))).toEqual([])
      expect(await opened.claims.held(opened.repository, image, 'ann', [], before)).toEqual([])
    })

    it('forgets it when its time is over, and renews it', async () => {
      await add()
      expect(await held(noon)).toEqual([])
      await add(new Date(noon.getTime() + 1000))
      expect(await held(noon)).toEqual([digest])
    })

    it('remembers nothing for a repository that is gone', async () => {
      const gone = 2_000_000_000 as RepositoryId
      const claim = { repository: gone, image, digest, owner: 'ann', expiresAt: noon }
      await expect(opened.claims.add(claim)).resolves.toBeUndefined()
    })
  })
}
