import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { PermissionTargetStore } from '../permission-target.js'
import { permissionTarget } from './permission-target.js'

interface Opened {
  readonly store: PermissionTargetStore
  stop(): Promise<void>
}

/** What every PermissionTargetStore does. */
export function permissionTargetStoreContract(name: string, open: () => Promise<Opened>): void {
  describe(`${name} keeps the contract of PermissionTargetStore`, () => {
    let opened: Opened
    let store: PermissionTargetStore

    beforeAll(async () => {
      opened = await open()
      store = opened.store
    })
    afterEach(async () => {
      for (const { target } of await store.list()) await store.delete(target.name)
    })
    afterAll(() => opened.stop())

    it('keeps every part of a target, whatever is in it', async () => {
      const target = permissionTarget('Übersee "1" \u2028', {
        repositories: ['docker-local', 'ANY REMOTE'],
        includes: ['team-a/**', '*/app/1.?'],
        excludes: ['**/secret*'],
        users: { 'anna@example.org': ['read', 'manage'], __proto__x: [] },
        groups: { 'CN=Entwickler,OU="x\\y"': ['deploy', 'overwrite', 'annotate', 'delete'] },
        kept: {
          users: { 'anna@example.org': ['scan'] },
          groups: {},
          sections: { build: { users: {}, groups: {}, targets: { b: { includes: ['**'], excludes: [] } } } },
        },
      })
      const created = await store.create(target)
      expect(created.target).toEqual(target)
      expect(await store.list()).toEqual([created])
    })

    it('lists by name, by code point', async () => {
      for (const each of ['b', 'a b', 'a', 'A', 'a-b']) await store.create(permissionTarget(each))
      expect((await store.list()).map(({ target }) => target.name)).toEqual(['A', 'a', 'a b', 'a-b', 'b'])
    })

    it('gives a name to one of several that want it at the same time', async () => {
      const attempts = await Promise.allSettled(
        [1, 2, 3, 4].map((count) => store.create(permissionTarget('one', { includes: [`i${count}`] }))),
      )
      const refused = attempts.flatMap((attempt) =>
        attempt.status === 'rejected' ? [attempt.reason as unknown] : [],
      )
      expect(refused).toHaveLength(3)
      for (const reason of refused) expect(reason).toMatchObject({ code: 'CONFLICT' })
      expect(await store.list()).toHaveLength(1)
    })

    it('lets one of several changes to one revision win, and grows the revision', async () => {
      const { revision } = await store.create(permissionTarget('one'))
      const attempts = await Promise.allSettled(
        [1, 2, 3, 4].map((count) =>
          store.update(permissionTarget('one', { includes: [`i${count}`] }), revision),
        ),
      )
      const won = attempts.flatMap((attempt) => (attempt.status === 'fulfilled' ? [attempt.value] : []))
      expect(won).toHaveLength(1)
      expect(won[0]?.revision).toBeGreaterThan(revision)
      expect(await store.list()).toEqual(won)
    })

    it('refuses a change to what was changed meanwhile, and to what is gone', async () => {
      const { revision } = await store.create(permissionTarget('one'))
      await store.update(permissionTarget('one', { includes: ['a'] }), revision)
      await expect(store.update(permissionTarget('one'), revision)).rejects.toMatchObject({
        code: 'CONFLICT',
      })
      await store.delete('one')
      await expect(store.update(permissionTarget('one'), revision)).rejects.toMatchObject({
        code: 'NAME_UNKNOWN',
      })
    })

    it('deletes once', async () => {
      await store.create(permissionTarget('one'))
      expect(await store.delete('one')).toBe(true)
      expect(await store.delete('one')).toBe(false)
      expect(await store.list()).toEqual([])
    })

    it('has another version after every change and the same without one', async () => {
      const versions = [await store.version()]
      const note = async () => void versions.push(await store.version())
      const { revision } = await store.create(permissionTarget('one'))
      await note()
      await store.create(permissionTarget('two'))
      await note()
      await store.update(permissionTarget('one', { includes: ['a'] }), revision)
      await note()
      await store.delete('two')
      await note()
      expect(new Set(versions).size).toBe(versions.length)
      expect(await store.version()).toBe(versions.at(-1))
    })

    it('does not take a target made anew for the one that was deleted', async () => {
      const first = await store.create(permissionTarget('one', { includes: ['a'] }))
      const before = await store.version()
      await store.delete('one')
      const second = await store.create(permissionTarget('one', { includes: ['b'] }))
      expect(await store.version()).not.toBe(before)
      expect(second.revision).not.toBe(first.revision)
      await expect(store.update(permissionTarget('one'), first.revision)).rejects.toMatchObject({
        code: 'CONFLICT',
      })
    })
  })
}
