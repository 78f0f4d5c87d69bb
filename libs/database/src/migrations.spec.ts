import { migrations } from '@entrepot-migrations'
import { DataSource } from 'typeorm'
import { describe, expect, it } from 'vitest'
import { createDataSourceOptions } from './data-source-options.js'
import { migrateDatabase } from './migrate-database.js'
import { TestDatabase } from './testing/test-database.js'

async function withDataSource<T>(connection: object, work: (source: DataSource) => Promise<T>): Promise<T> {
  const options = { connection: connection as TestDatabase['connection'], migrations }
  const source = await new DataSource(createDataSourceOptions(options)).initialize()
  try {
    return await work(source)
  } finally {
    await source.destroy()
  }
}

const describeSchema = `
  SELECT c.relname AS of, a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || ' ' || a.attnotnull AS what, co.collname
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
  LEFT JOIN pg_collation co ON co.oid = a.attcollation
  WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relname <> 'migrations'
  UNION ALL SELECT tablename, indexdef, NULL FROM pg_indexes
  WHERE schemaname = 'public' AND tablename <> 'migrations'
  UNION ALL SELECT conrelid::regclass::text, conname || pg_get_constraintdef(oid), NULL FROM pg_constraint
  WHERE connamespace = 'public'::regnamespace AND conrelid <> 'migrations'::regclass
  ORDER BY 1, 2`

describe('migrations', () => {
  it('go up, down and up again to the same schema', async () => {
    const connection = await TestDatabase.createEmpty()
    await withDataSource(connection, async (source) => {
      await source.runMigrations()
      const before: unknown[] = await source.query(describeSchema)
      expect(before.length).toBeGreaterThan(50)
      for (const _ of migrations) await source.undoLastMigration()
      expect(await source.query(describeSchema)).toEqual([])
      await source.runMigrations()
      expect(await source.query(describeSchema)).toEqual(before)
    })
  })

  it('are run by one of several replicas that start together', async () => {
    const connection = await TestDatabase.createEmpty()
    const told: string[] = []
    await Promise.all(
      [1, 2, 3].map(() => migrateDatabase({ connection, migrations }, (text) => told.push(text))),
    )
    expect(told.filter((text) => text.startsWith('bringing the database schema up to date'))).toHaveLength(1)
    await withDataSource(connection, async (source) => {
      expect(await source.query('SELECT count(*)::int AS count FROM migrations')).toEqual([
        { count: migrations.length },
      ])
    })
  })

  it('say nothing when there is nothing to do', async () => {
    const connection = await TestDatabase.createEmpty()
    await migrateDatabase({ connection, migrations })
    const told: string[] = []
    await migrateDatabase({ connection, migrations }, (text) => told.push(text))
    expect(told).toEqual([])
  })

  it('say what to check when the database cannot be reached', async () => {
    const connection = { url: 'postgresql://nobody@127.0.0.1:1/none' }
    await expect(migrateDatabase({ connection, migrations })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('ENTREPOT_DATABASE_URL') as string,
    })
  })
})
