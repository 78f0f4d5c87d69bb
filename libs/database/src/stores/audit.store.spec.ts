import { auditEvent, auditStoreContract } from '@entrepot/audit/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestDatabase } from '../testing/test-database.js'
import { PostgresAuditStore } from './audit.store.js'

auditStoreContract('PostgresAuditStore', async () => {
  const db = await TestDatabase.create()
  return {
    store: new PostgresAuditStore(db.database),
    empty: () => db.database.query({ text: 'TRUNCATE audit_events' }, []),
    close: () => db.close(),
  }
})

describe('PostgresAuditStore', () => {
  let db: TestDatabase
  let store: PostgresAuditStore

  beforeAll(async () => {
    db = await TestDatabase.create()
    store = new PostgresAuditStore(db.database)
  })
  afterAll(() => db.close())

  it('says of what PostgreSQL never takes that it is the value, and keeps nothing of that batch', async () => {
    await expect(
      store.add([auditEvent({ actor: 'fine' }), auditEvent({ actor: 'with\0nul' })]),
    ).rejects.toMatchObject({
      code: 'REQUEST_INVALID',
    })
    await expect(store.add([auditEvent({ after: { text: 'with\0nul' } })])).rejects.toMatchObject({
      code: 'REQUEST_INVALID',
    })
    expect(await store.search({ limit: 10 })).toEqual([])
  })

  it('leaves to another replica the events which that one is deleting', async () => {
    await store.add([auditEvent({ actor: 'first' }), auditEvent({ actor: 'second' })])
    const [second, first] = await store.search({ limit: 2 })
    const deleted = await db.database.transaction(async (other) => {
      await other.query({ text: 'SELECT id FROM audit_events WHERE id = $1 FOR UPDATE' }, [first?.id])
      return store.deleteBefore(new Date('2999-01-01T00:00:00Z'), 10)
    })
    expect(deleted).toBe(1)
    expect((await store.search({ limit: 10 })).map(({ id }) => id)).toEqual([first?.id])
    expect(second?.actor).toBe('second')
  })

  it('deletes and searches by index when there are many events', async () => {
    await db.database.query(
      {
        text: `INSERT INTO audit_events (at, action, outcome, actor, address, request_id, subject_kind, subject)
          SELECT timestamptz '2020-01-01' + n * interval '1 minute', 'push', 'ok', 'user-' || n % 1000, '192.0.2.1', n,
            'image', 'docker-local/app:' || n % 5000
          FROM generate_series(1, 50000) AS n`,
      },
      [],
    )
    await db.database.query({ text: 'ANALYZE audit_events' }, [])
    const plan = async (text: string) => {
      const rows = await db.database.query<{ 'QUERY PLAN': string }>({ text: `EXPLAIN ${text}` }, [])
      return rows.map((row) => row['QUERY PLAN']).join('\n')
    }
    const newest = 'ORDER BY id DESC LIMIT 100'
    for (const text of [
      `SELECT * FROM audit_events ${newest}`,
      `SELECT * FROM audit_events WHERE id < 20000 ${newest}`,
      `SELECT * FROM audit_events WHERE actor = 'user-7' ${newest}`,
      `SELECT * FROM audit_events WHERE subject_kind = 'image' AND subject = 'docker-local/app:7' ${newest}`,
      `SELECT id FROM audit_events WHERE at < '2020-01-10' ORDER BY at LIMIT 100 FOR UPDATE SKIP LOCKED`,
    ]) {
      expect(await plan(text)).toMatch(/Index Scan/)
      expect(await plan(text)).not.toMatch(/Seq Scan/)
    }
  })
})
