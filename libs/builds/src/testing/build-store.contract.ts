import { userId } from '@entrepot/kernel/testing'
import { beforeEach, describe, expect, it } from 'vitest'
import type { BuildStore } from '../build-store.js'
import { maximumBuildBytes } from '../build-text.js'
import { parseBuildInfo } from '../parse-build-info.js'

const ann = { id: userId('ann'), name: 'ann' }
const bob = { id: userId('bob'), name: 'bob' }
const all = { kind: 'all' } as const
const ofAnn = { kind: 'publisher', id: ann.id } as const
const ofBob = { kind: 'publisher', id: bob.id } as const

const day = (number: number) => `2026-01-${`${number}`.padStart(2, '0')}T00:00:00.000+0000`

export function buildOf(name: string, number: string, started: string, more: object = {}) {
  return parseBuildInfo({ name, number, started, ...more })
}

/** What every BuildStore does. */
export function buildStoreContract(name: string, open: () => Promise<BuildStore>): void {
  describe(name, () => {
    let store: BuildStore
    beforeEach(async () => {
      store = await open()
    })

    it('gives back what was published, the run that was started last first', async () => {
      const document = {
        vcs: [{ url: 'here' }],
        modules: [{ id: 'm', artifacts: [{ sha1: 'a'.repeat(40) }] }],
      }
      expect(await store.publish(buildOf('team/a b', '1', day(2), document), ann)).toBe(false)
      await store.publish(buildOf('team/a b', '2', day(1)), ann)
      await store.publish(buildOf('other', '9', day(3)), ann)
      const found = await store.find(all, 'team/a b', '1')
      expect(found).toMatchObject({
        name: 'team/a b',
        number: '1',
        started: new Date('2026-01-02'),
        publishedBy: 'ann',
        document,
        statuses: [],
      })
      expect(await store.runs(all, 'team/a b')).toEqual([
        { number: '1', started: new Date('2026-01-02') },
        { number: '2', started: new Date('2026-01-01') },
      ])
      expect(await store.names(all)).toEqual([
        { name: 'other', lastStarted: new Date('2026-01-03') },
        { name: 'team/a b', lastStarted: new Date('2026-01-02') },
      ])
      expect(await store.latest(all, 'team/a b')).toMatchObject({ number: '1' })
      expect(await store.entries(all)).toMatchObject([
        { name: 'other', number: '9', publishedBy: 'ann', url: undefined },
        { name: 'team/a b', number: '2', started: new Date('2026-01-01') },
        { name: 'team/a b', number: '1' },
      ])
    })

    it('knows nothing of what was not published', async () => {
      expect(await store.find(all, 'a', '1')).toBeUndefined()
      expect(await store.runs(all, 'a')).toEqual([])
      expect(await store.names(all)).toEqual([])
      expect(await store.latest(all, 'a')).toBeUndefined()
      expect(await store.delete(all, 'a', {})).toEqual([])
      expect(await store.rename(all, 'a', 'b')).toBe(0)
      expect(await store.change(all, 'a', '1', (document) => parseBuildInfo(document))).toBeUndefined()
    })

    it('replaces a run of the same start with its statuses, and keeps one of another beside it', async () => {
      await store.publish(buildOf('a', '1', day(1), { agent: 'old' }), ann)
      const first = await store.find(all, 'a', '1')
      await store.addStatus(first?.id ?? '', status('released'))
      expect(await store.publish(buildOf('a', '1', day(1), { agent: 'new' }), ann)).toBe(true)
      expect(await store.find(all, 'a', '1')).toMatchObject({ document: { agent: 'new' }, statuses: [] })
      await store.publish(buildOf('a', '1', day(2), { agent: 'later' }), ann)
      expect(await store.runs(all, 'a')).toHaveLength(2)
      expect(await store.find(all, 'a', '1')).toMatchObject({ document: { agent: 'later' } })
      expect(await store.find(all, 'a', '1', new Date('2026-01-01'))).toMatchObject({
        document: { agent: 'new' },
      })
    })

    it('shows a publisher their own runs and nothing of others', async () => {
      await store.publish(buildOf('a', '1', day(1)), ann)
      await store.publish(buildOf('a', '1', day(1), { agent: "bob's" }), bob)
      await store.publish(buildOf('b', '1', day(5)), bob)
      expect(await store.names(ofAnn)).toEqual([{ name: 'a', lastStarted: new Date('2026-01-01') }])
      expect(await store.find(ofBob, 'a', '1')).toMatchObject({ publishedBy: 'bob' })
      expect(await store.find(ofAnn, 'b', '1')).toBeUndefined()
      expect(await store.latest(ofAnn, 'b')).toBeUndefined()
      expect(await store.entries(ofAnn)).toHaveLength(1)
      expect(await store.delete(ofAnn, 'b', {})).toEqual([])
      expect(await store.rename(ofAnn, 'b', 'c')).toBe(0)
      expect(await store.runs(all, 'a')).toHaveLength(2)
      expect(await store.delete(ofAnn, 'a', {})).toHaveLength(1)
      expect(await store.find(all, 'a', '1')).toMatchObject({ publishedBy: 'bob' })
    })

    it('tells what was decided about a run, and the latest with a status', async () => {
      await store.publish(buildOf('a', '1', day(1)), ann)
      await store.publish(buildOf('a', '2', day(2)), ann)
      const found = await store.find(all, 'a', '1')
      await store.addStatus(found?.id ?? '', status('staged'))
      await store.addStatus(found?.id ?? '', status('released'))
      expect((await store.find(all, 'a', '1'))?.statuses).toEqual([status('staged'), status('released')])
      expect(await store.latest(all, 'a', 'released')).toMatchObject({ number: '1' })
      expect(await store.latest(all, 'a', 'staged')).toBeUndefined()
    })

    it('deletes the runs that fulfil all of a selection', async () => {
      for (const number of [1, 2, 3, 4, 5]) await store.publish(buildOf('a', `${number}`, day(number)), ann)
      const numbers = (runs: readonly { readonly number: string }[]) =>
        runs.map(({ number }) => number).sort()
      expect(numbers(await store.delete(all, 'a', { numbers: ['2', '9'] }))).toEqual(['2'])
      const old = { startedBefore: new Date('2026-01-04'), butNumbers: ['1'] }
      expect(numbers(await store.delete(all, 'a', old))).toEqual(['3'])
      expect(numbers(await store.delete(all, 'a', { butLast: 1 }))).toEqual(['1', '4'])
      expect(numbers(await store.delete(all, 'a', { numbers: [] }))).toEqual([])
      expect(numbers(await store.delete(all, 'a', {}))).toEqual(['5'])
    })

    it('renames all runs, unless one would be another', async () => {
      await store.publish(buildOf('a', '1', day(1)), ann)
      await store.publish(buildOf('a', '2', day(2)), ann)
      await store.publish(buildOf('b', '2', day(2)), ann)
      await expect(store.rename(all, 'a', 'b')).rejects.toMatchObject({ code: 'CONFLICT' })
      expect(await store.runs(all, 'a')).toHaveLength(2)
      expect(await store.rename(all, 'a', 'c')).toBe(2)
      expect(await store.find(all, 'c', '1')).toMatchObject({ name: 'c', document: { name: 'c' } })
      expect(await store.find(all, 'a', '1')).toBeUndefined()
    })

    it('keeps no run of more than 16 MiB, published or grown', async () => {
      const long = { notes: 'é'.repeat(maximumBuildBytes / 2) }
      const tooLong = { code: 'REQUEST_INVALID', message: expect.stringContaining('16 MiB') as string }
      await expect(store.publish(buildOf('a', '1', day(1), long), ann)).rejects.toMatchObject(tooLong)
      expect(await store.runs(all, 'a')).toEqual([])
      await store.publish(buildOf('a', '1', day(1), { agent: 'old' }), ann)
      const grown = store.change(all, 'a', '1', (document) => parseBuildInfo({ ...document, ...long }))
      await expect(grown).rejects.toMatchObject(tooLong)
      expect((await store.find(all, 'a', '1'))?.document).toMatchObject({ agent: 'old' })
      expect((await store.find(all, 'a', '1'))?.document).not.toHaveProperty('notes')
    })

    it('loses nothing of changes made at once', async () => {
      await store.publish(buildOf('a', '1', day(1)), ann)
      const add = (id: string) =>
        store.change(all, 'a', '1', (document) => {
          const modules = (document['modules'] ?? []) as readonly object[]
          return parseBuildInfo({ ...document, modules: [...modules, { id }] })
        })
      await Promise.all(['x', 'y', 'z'].map(add))
      const found = await store.find(all, 'a', '1')
      const modules = (found?.document['modules'] ?? []) as readonly { readonly id: string }[]
      expect(modules.map(({ id }) => id).sort()).toEqual(['x', 'y', 'z'])
    })
  })
}

function status(word: string) {
  return {
    status: word,
    timestamp: new Date('2026-02-01T00:00:00Z'),
    comment: 'tested',
    repository: undefined,
    ciUser: undefined,
    user: 'ann',
  }
}
