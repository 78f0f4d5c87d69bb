export type BroadcastListener = (message: string) => void

/**
 * Hints between replicas. A hint can be lost (a connection was down, a replica slept), so nothing may be wrong without
 * it, only later: whoever caches also has a period after which it looks again.
 */
export interface Broadcast {
  /** Reaches the listeners of every replica, this one included. At most 4 KiB. */
  publish(channel: string, message: string): Promise<void>
  /** @returns a function that ends the subscription */
  subscribe(channel: string, listener: BroadcastListener): () => void
  close(): Promise<void>
}
