/**
 * One background sync at a time: a sync holds a thread of the pool for as long as the disk needs, and reads of all other
 * requests need the pool too.
 */
export class SyncSlot {
  #taken = false

  /** @returns undefined, and does nothing, while another runs */
  tryRun(sync: () => Promise<void>): Promise<void> | undefined {
    if (this.#taken) return undefined
    this.#taken = true
    return sync().finally(() => {
      this.#taken = false
    })
  }
}
