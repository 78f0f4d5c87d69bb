import { beforeEach, describe, expect, it } from 'vitest'
import type { OrderedSettingsStore } from '../directories/ordered-settings-store.js'

interface Example {
  readonly text: string
  readonly list?: readonly string[]
}

/** What every OrderedSettingsStore does. */
export function orderedSettingsStoreContract(
  implementation: string,
  create: () => Promise<OrderedSettingsStore<Example>>,
): void {
  describe(`${implementation} keeps the contract of OrderedSettingsStore`, () => {
    let store: OrderedSettingsStore<Example>
    const names = async () => (await store.list()).map(({ name }) => name)

    beforeEach(async () => {
      store = await create()
    })

    it('gives settings back as they were stored, in the order in which they were made', async () => {
      const first = { text: `ü "quoted" \\ ' $1 🦀`, list: ['b', 'a'] }
      await store.create('zeta', first)
      await store.create('alpha', { text: '' })
      expect(await store.list()).toEqual([
        { name: 'zeta', config: first, revision: 1 },
        { name: 'alpha', config: { text: '' }, revision: 1 },
      ])
    })

    it('refuses a second one of a name', async () => {
      await store.create('corp', { text: 'first' })
      await expect(store.create('corp', { text: 'second' })).rejects.toMatchObject({ code: 'CONFLICT' })
      expect((await store.list())[0]?.config).toEqual({ text: 'first' })
    })

    it('changes one at the revision that was read, and no other', async () => {
      await store.create('corp', { text: 'first' })
      await store.update('corp', { text: 'second' }, 1)
      await expect(store.update('corp', { text: 'late' }, 1)).rejects.toMatchObject({ code: 'CONFLICT' })
      await expect(store.update('other', { text: 'x' }, 1)).rejects.toMatchObject({ code: 'NAME_UNKNOWN' })
      expect(await store.list()).toEqual([{ name: 'corp', config: { text: 'second' }, revision: 2 }])
    })

    it('keeps the place of one that is changed', async () => {
      await store.create('first', { text: '1' })
      await store.create('second', { text: '2' })
      await store.update('first', { text: '1a' }, 1)
      expect(await names()).toEqual(['first', 'second'])
    })

    it('deletes one, and says when there was none', async () => {
      await store.create('corp', { text: 'x' })
      expect(await store.delete('corp')).toBe(true)
      expect(await store.delete('corp')).toBe(false)
      expect(await names()).toEqual([])
    })

    it('puts them into another order, and new ones at the end of it', async () => {
      for (const name of ['a', 'b', 'c']) await store.create(name, { text: name })
      await store.reorder(['c', 'a', 'b'])
      await store.delete('a')
      await store.create('d', { text: 'd' })
      expect(await names()).toEqual(['c', 'b', 'd'])
    })

    it.each([[['a']], [['a', 'b', 'x']], [['a', 'a']], [[]]])(
      'refuses the order %j, which does not name each one once',
      async (order) => {
        await store.create('a', { text: 'a' })
        await store.create('b', { text: 'b' })
        await expect(store.reorder(order)).rejects.toMatchObject({ code: 'CONFLICT' })
        expect(await names()).toEqual(['a', 'b'])
      },
    )

    it('takes many that are made at once', async () => {
      const wanted = Array.from({ length: 10 }, (_, index) => `dir-${index}`)
      await Promise.all(wanted.map((name) => store.create(name, { text: name })))
      expect((await names()).toSorted()).toEqual(wanted)
    })
  })
}
