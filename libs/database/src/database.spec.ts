import { DataSource } from 'typeorm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createDataSourceOptions } from './data-source-options.js'
import { Database } from './database.js'
import { TestDatabase } from './testing/test-database.js'

describe('Database', () => {
  let db: TestDatabase
  let database: Database

  beforeAll(async () => {
    db = await TestDatabase.create({ poolSize: 4 })
    database = db.database
    await database.query({ text: 'CREATE TABLE counters (id int PRIMARY KEY, n int NOT NULL)' }, [])
    await database.query({ text: 'INSERT INTO counters VALUES (1, 0), (2, 0)' }, [])
  })
  afterAll(() => db.close())

  const sql = (text: string) => ({ text })

  it('rolls back when the work throws', async () => {
    const work = database.transaction(async (transaction) => {
      await transaction.query(sql('INSERT INTO counters VALUES (9, 9)'), [])
      throw new Error('changed my mind')
    })
    await expect(work).rejects.toThrow('changed my mind')
    expect(await database.query(sql('SELECT 1 FROM counters WHERE id = 9'), [])).toEqual([])
  })

  it('does a transaction again that lost a deadlock', async () => {
    const add = (first: number, second: number) =>
      database.transaction(async (transaction) => {
        await transaction.query(sql(`SET LOCAL deadlock_timeout = '10ms'`), [])
        for (const id of [first, second])
          await transaction.query(sql('UPDATE counters SET n = n + 1 WHERE id = $1'), [id])
      })
    await Promise.all(Array.from({ length: 12 }, (_, n) => (n % 2 === 0 ? add(1, 2) : add(2, 1))))
    expect(await database.query(sql('SELECT n FROM counters WHERE id <= 2'), [])).toEqual([
      { n: 12 },
      { n: 12 },
    ])
  })

  it('does a transaction again that could not be serialised', async () => {
    let attempts = 0
    await database.transaction(async (transaction) => {
      attempts += 1
      await transaction.query(sql('SET TRANSACTION ISOLATION LEVEL SERIALIZABLE'), [])
      await transaction.query(sql('SELECT n FROM counters WHERE id = 1'), [])
      if (attempts === 1) await database.query(sql('UPDATE counters SET n = n + 1 WHERE id = 1'), [])
      await transaction.query(sql('UPDATE counters SET n = n + 1 WHERE id = 1'), [])
    })
    expect(attempts).toBe(2)
  })

  it('says that the database is too busy when a statement runs out of time', async () => {
    const slow = database.transaction(async (transaction) => {
      await transaction.query(sql(`SET LOCAL statement_timeout = '20ms'`), [])
      await transaction.query(sql('SELECT pg_sleep(5)'), [])
    })
    await expect(slow).rejects.toMatchObject({ code: 'UNAVAILABLE', retryAfterSeconds: 2 })
  })

  it('survives the loss of its connections', async () => {
    const cut = sql(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()',
    )
    await Promise.all([1, 2, 3, 4].map(() => database.query(sql('SELECT pg_sleep(0.02)'), [])))
    const hanging = database.query(sql('SELECT pg_sleep(20)'), [])
    const inTransaction = database.transaction((transaction) =>
      transaction.query(sql('SELECT pg_sleep(20)'), []),
    )
    const failures = Promise.all([
      expect(hanging).rejects.toMatchObject({ code: 'UNAVAILABLE' }),
      expect(inTransaction).rejects.toMatchObject({ code: 'UNAVAILABLE' }),
    ])
    await new Promise((resolve) => setTimeout(resolve, 50))
    await database.query(cut, [db.connection.database])
    await failures
    expect(await database.query(sql('SELECT 1 AS one'), [])).toEqual([{ one: 1 }])
  })

  it('says that connections are busy instead of waiting for ever', async () => {
    const options = createDataSourceOptions({ ...db.options, poolSize: 1 })
    const source = await new DataSource({ ...options, connectTimeoutMS: 50 }).initialize()
    const small = new Database(source)
    const hanging = small.query(sql('SELECT pg_sleep(0.3)'), [])
    await expect(small.query(sql('SELECT 1'), [])).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    await hanging
    await source.destroy()
  })

  it('refuses undefined and null in a condition of an entity instead of finding anything', async () => {
    const { SigningKeyEntity } = await import('./entities/signing-key.entity.js')
    const id = undefined as unknown as string
    await expect(database.entities((manager) => manager.findOneBy(SigningKeyEntity, { id }))).rejects.toThrow(
      /undefined/i,
    )
  })

  it('passes errors of our own on as they are', async () => {
    await expect(database.query(sql('SELEKT'), [])).rejects.toMatchObject({ code: '42601' })
  })
})
