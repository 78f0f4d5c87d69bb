import type { Broadcast, BroadcastListener } from '@entrepot/coordination'

export class InMemoryBroadcast implements Broadcast {
  readonly #listeners = new Map<string, Set<BroadcastListener>>()

  async publish(channel: string, message: string): Promise<void> {
    for (const listener of this.#listeners.get(channel) ?? []) listener(message)
  }

  subscribe(channel: string, listener: BroadcastListener): () => void {
    const listeners = this.#listeners.get(channel) ?? new Set()
    this.#listeners.set(channel, listeners.add(listener))
    return () => listeners.delete(listener)
  }

  async close(): Promise<void> {
    this.#listeners.clear()
  }
}
