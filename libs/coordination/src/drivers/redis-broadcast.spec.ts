import { silentLogger } from '@entrepot/kernel'
import { describe, expect, it, vi } from 'vitest'
import { RedisBroadcast } from './redis-broadcast.js'
import { broadcastContract } from '../testing/broadcast.contract.js'
import { RedisServer, requireRedis } from '../testing/redis-server.js'

const hasRedis = requireRedis()

async function connected(url: string): Promise<RedisBroadcast> {
  const broadcast = new RedisBroadcast(url, silentLogger)
  await broadcast.start()
  return broadcast
}

if (hasRedis) {
  broadcastContract('RedisBroadcast', async () => {
    const redis = await RedisServer.start()
    return { replica: () => connected(redis.url), stop: () => redis.stop() }
  })
}

describe.skipIf(!hasRedis)('RedisBroadcast', () => {
  it('fails a message while Redis is down, and hears again when it is back', async () => {
    const redis = await RedisServer.start()
    const broadcast = await connected(redis.url)
    try {
      const heard: string[] = []
      broadcast.subscribe('repositories', (message) => void heard.push(message))
      await redis.kill()
      await expect(broadcast.publish('repositories', 'lost')).rejects.toThrow()
      await redis.start()
      await vi.waitFor(
        async () => {
          await broadcast.publish('repositories', 'back')
          expect(heard).toContain('back')
        },
        { timeout: 15_000, interval: 100 },
      )
      expect(heard).not.toContain('lost')
    } finally {
      await broadcast.close()
      await redis.stop()
    }
  })

  it('starts although Redis is down', async () => {
    const broadcast = new RedisBroadcast('/nowhere/redis.sock', silentLogger)
    await broadcast.start()
    await expect(broadcast.publish('repositories', 'x')).rejects.toThrow()
    await broadcast.close()
  })
})
