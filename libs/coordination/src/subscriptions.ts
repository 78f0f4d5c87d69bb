import type { Logger } from '@entrepot/kernel'
import type { BroadcastListener } from './broadcast.js'
import type { BroadcastMessage } from './broadcast-message.js'

/** The listeners of this process, by channel. */
export class Subscriptions {
  readonly #byChannel = new Map<string, Set<{ readonly listener: BroadcastListener }>>()

  constructor(private readonly logger: Logger) {}

  /** @returns a function that ends the subscription; calling it again does nothing */
  add(channel: string, listener: BroadcastListener): () => void {
    const entry = { listener }
    const entries = this.#byChannel.get(channel) ?? new Set()
    this.#byChannel.set(channel, entries.add(entry))
    return () => void entries.delete(entry)
  }

  /** A listener that throws is logged and keeps nobody else from hearing. */
  deliver({ channel, message }: BroadcastMessage): void {
    for (const { listener } of this.#byChannel.get(channel) ?? []) {
      try {
        listener(message)
      } catch (error) {
        this.logger.error({ err: error, channel }, 'a listener failed on a broadcast message')
      }
    }
  }

  clear(): void {
    for (const entries of this.#byChannel.values()) entries.clear()
    this.#byChannel.clear()
  }
}
