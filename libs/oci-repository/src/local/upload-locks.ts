import { RegistryError } from '@entrepot/kernel'

/** How long a request waits for the one before it on the same upload, in milliseconds, before it takes over. */
const patience = 5000

interface Holder {
  readonly takeOver: AbortController
  readonly released: Promise<void>
}

/**
 * One request at a time works on an upload. When a connection broke without the server noticing, its client comes back on
 * a new one and would wait for the dead one: after a while it takes over.
 */
export class UploadLocks {
  readonly #holders = new Map<string, Holder>()

  /** @param work gets a signal that is aborted when a later request takes over */
  async run<T>(id: string, work: (takenOver: AbortSignal) => Promise<T>): Promise<T> {
    for (;;) {
      const holder = this.#holders.get(id)
      if (holder === undefined) break
      const timer = setTimeout(() => holder.takeOver.abort(takenOver(id)), patience)
      await holder.released
      clearTimeout(timer)
    }
    const takeOver = new AbortController()
    const { promise: released, resolve: release } = Promise.withResolvers<void>()
    this.#holders.set(id, { takeOver, released })
    try {
      return await work(takeOver.signal)
    } finally {
      this.#holders.delete(id)
      release()
    }
  }
}

function takenOver(id: string): RegistryError {
  return new RegistryError('BLOB_UPLOAD_INVALID', `upload ${id} was taken over by a later request`)
}
