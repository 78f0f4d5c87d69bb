import { afterAll, describe, expect, it } from 'vitest'
import { Client } from 'pg'
import { TestDatabase } from './test-database.js'

describe('TestDatabase', () => {
  const opened: TestDatabase[] = []
  afterAll(async () => {
    for (const database of opened) await database.close()
  })

  it('gives each caller a migrated database of its own', async () => {
    const first = await TestDatabase.create()
    const second = await TestDatabase.create()
    opened.push(first, second)
    await first.database.query(
      { text: `INSERT INTO users (name, admin, disabled) VALUES ('ann', true, false)` },
      [],
    )
    expect(await first.database.query({ text: 'SELECT name FROM users' }, [])).toEqual([{ name: 'ann' }])
    expect(await second.database.query({ text: 'SELECT name FROM users' }, [])).toEqual([])
  })

  it('can be reached by its URL', async () => {
    const created = await TestDatabase.create()
    opened.push(created)
    const client = new Client(created.url)
    await client.connect()
    const { rows } = await client.query('SELECT current_database() AS name')
    await client.end()
    expect(rows).toEqual([{ name: created.connection.database }])
  })
})
