import { buildOf, buildStoreContract } from '@entrepot/builds/testing'
import { userId } from '@entrepot/kernel/testing'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import type { Queryable } from '../database.js'
import { TestDatabase } from '../testing/test-database.js'
import { PostgresBuildStore } from './build.store.js'

let db: TestDatabase
beforeAll(async () => {
  db = await TestDatabase.create()
})
afterAll(() => db.close())

buildStoreContract('PostgresBuildStore', async () => {
  await db.database.query({ text: 'DELETE FROM builds' }, [])
  return new PostgresBuildStore(db.database)
})

it('holds one document at a time while it renames a build', async () => {
  await db.database.query({ text: 'DELETE FROM builds' }, [])
  const store = new PostgresBuildStore(db.database)
  const ann = { id: userId('ann'), name: 'ann' }
  for (const number of ['1', '2', '3']) {
    await store.publish(buildOf('a', number, '2026-01-01T00:00:00Z', { agent: number }), ann)
  }
  const held: number[] = []
  const transaction = db.database.transaction.bind(db.database)
  const spy = vi
    .spyOn(db.database, 'transaction')
    .mockImplementation((work) => transaction((inner) => work(counting(inner, held))))
  expect(await store.rename({ kind: 'all' }, 'a', 'b')).toBe(3)
  spy.mockRestore()
  expect(held.filter((count) => count > 0)).toEqual([1, 1, 1])
  const found = await store.find({ kind: 'all' }, 'b', '2')
  expect(found?.document).toMatchObject({ name: 'b', number: '2', agent: '2' })
})

/** Notes how many documents each answer has. */
function counting(inner: Queryable, held: number[]): Queryable {
  return {
    async query<Row>(...given: Parameters<Queryable['query']>) {
      const rows = await inner.query<Row>(...given)
      held.push(rows.filter((row) => typeof row === 'object' && row !== null && 'document' in row).length)
      return rows
    },
  }
}
