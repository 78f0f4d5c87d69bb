import { PostgresBroadcast } from '@entrepot/coordination'
import { broadcastContract } from '@entrepot/coordination/testing'
import { TestDatabase } from '@entrepot/database/testing'
import { silentLogger } from '@entrepot/kernel'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'

// Here and not beside the driver, because no lib but its own may know the database.

broadcastContract('PostgresBroadcast', async () => {
  const database = await TestDatabase.create()
  return {
    replica: async () => {
      const broadcast = new PostgresBroadcast(database.connection, silentLogger)
      await broadcast.start()
      return broadcast
    },
    stop: () => database.close(),
  }
})

describe('PostgresBroadcast', () => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await TestDatabase.create()
  })
  afterAll(() => database.close())

  it('hears again after its connection was ended', async () => {
    const broadcast = new PostgresBroadcast(database.connection, silentLogger)
    await broadcast.start()
    try {
      const heard: string[] = []
      broadcast.subscribe('repositories', (message) => void heard.push(message))
      await database.database.query(
        {
          text: `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                 WHERE datname = current_database() AND query LIKE 'LISTEN%'`,
        },
        [],
      )
      await vi.waitFor(
        async () => {
          await broadcast.publish('repositories', 'back')
          expect(heard).toContain('back')
        },
        { timeout: 10_000, interval: 100 },
      )
    } finally {
      await broadcast.close()
    }
  })

  it('starts although the database can not be reached, and can be closed', async () => {
    const broadcast = new PostgresBroadcast({ host: '/nowhere', port: 1 }, silentLogger)
    await broadcast.start()
    await expect(broadcast.publish('repositories', 'x')).rejects.toThrow('no connection')
    await broadcast.close()
  })
})
