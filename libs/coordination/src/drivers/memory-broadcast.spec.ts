import { MemoryBroadcast, MemoryBroadcastHub } from './memory-broadcast.js'
import { broadcastContract } from '../testing/broadcast.contract.js'

broadcastContract('MemoryBroadcast', async () => {
  const hub = new MemoryBroadcastHub()
  return {
    replica: async () => new MemoryBroadcast(hub),
    stop: async () => undefined,
  }
})
