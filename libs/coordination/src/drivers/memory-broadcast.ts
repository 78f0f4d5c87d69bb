import { type Logger, silentLogger } from '@entrepot/kernel'
import type { Broadcast, BroadcastListener } from '../broadcast.js'
import { decodeBroadcast, encodeBroadcast } from '../broadcast-message.js'
import { Subscriptions } from '../subscriptions.js'

/** What connects the memory broadcasts of one process, as a server connects those of several. */
export class MemoryBroadcastHub {
  readonly replicas = new Set<Subscriptions>()
}

/** For tests and single processes: the same behaviour without a server. */
export class MemoryBroadcast implements Broadcast {
  readonly #subscriptions: Subscriptions
  #closed = false

  constructor(
    private readonly hub = new MemoryBroadcastHub(),
    logger: Logger = silentLogger,
  ) {
    this.#subscriptions = new Subscriptions(logger)
    hub.replicas.add(this.#subscriptions)
  }

  async publish(channel: string, message: string): Promise<void> {
    const decoded = decodeBroadcast(encodeBroadcast({ channel, message }))
    if (this.#closed) throw new Error('the broadcast is closed')
    if (decoded === undefined) return
    setImmediate(() => {
      for (const replica of this.hub.replicas) replica.deliver(decoded)
    })
  }

  subscribe(channel: string, listener: BroadcastListener): () => void {
    return this.#subscriptions.add(channel, listener)
  }

  async close(): Promise<void> {
    this.#closed = true
    this.hub.replicas.delete(this.#subscriptions)
    this.#subscriptions.clear()
  }
}
