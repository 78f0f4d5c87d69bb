import { AuditRecorder, StoreOutlet } from '@entrepot/audit'
import { RecordingAuditObserver } from '@entrepot/audit/testing'
import { silentLogger, systemClock } from '@entrepot/kernel'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestDatabase } from '../testing/test-database.js'
import { PostgresAuditStore } from './audit.store.js'

describe('the audit trail, when PostgreSQL is away for a while', () => {
  let db: TestDatabase
  let administrator: Client

  beforeAll(async () => {
    db = await TestDatabase.create()
    administrator = new Client({ ...db.connection, database: 'postgres' })
    await administrator.connect()
  })
  afterAll(async () => {
    await administrator.end()
    await db.close()
  })

  const admit = async (isAdmitted: boolean) => {
    const { database } = db.connection
    await administrator.query(`ALTER DATABASE ${database} ALLOW_CONNECTIONS ${isAdmitted}`)
    if (isAdmitted) return
    await administrator.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [
      database,
    ])
  }

  it('loses nothing and keeps the order of a hundred callers', async () => {
    const store = new PostgresAuditStore(db.database)
    const observer = new RecordingAuditObserver()
    const settings = {
      capacity: 10_000,
      batch: 500,
      gathering: 10,
      retry: { first: 20, longest: 200 },
      repeatLog: 60_000,
    }
    const trail = new AuditRecorder([new StoreOutlet(store)], systemClock, observer, silentLogger, settings)
    const callers = Array.from({ length: 100 }, async (_, caller) => {
      for (let turn = 0; turn < 50; turn += 1) {
        trail.record({
          action: 'login',
          outcome: 'ok',
          actor: `caller-${caller}`,
          origin: { address: '192.0.2.7', requestId: String(turn) },
        })
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
    })
    await new Promise((resolve) => setTimeout(resolve, 100))
    await admit(false)
    await Promise.all(callers)
    await expect(store.search({ limit: 1 })).rejects.toThrow()
    await admit(true)
    await trail.close(10_000)

    expect(observer.lost.size).toBe(0)
    const turns = Array.from({ length: 50 }, (_, turn) => String(turn))
    for (const caller of [0, 42, 99]) {
      const found = await store.search({ actor: `caller-${caller}`, limit: 1000 })
      // A batch whose answer was lost with the connection is written again: twice is allowed, a gap is not.
      const ids = found.map(({ origin }) => origin.requestId).toReversed()
      expect([...new Set(ids)]).toEqual(turns)
    }
  })
})
