import { setTimeout as sleep } from 'node:timers/promises'
import type { BlobStore } from '@entrepot/blob-store'
import { type Clock, type Logger, RegistryError } from '@entrepot/kernel'
import { CacheFill } from './cache-fill.js'
import type { FillHandle, FillRequest } from './fill-request.js'
import { defaultFillSettings, type FillSettings } from './fill-settings.js'

/**
 * The blobs that are being fetched from upstreams, each once whatever the number of its readers.
 *
 * A fill that finds no space ends with STORAGE_FULL for all its readers; blobs that are stored are served as ever.
 */
export class CacheFills {
  readonly #byKey = new Map<string, CacheFill>()
  readonly #running = new Set<CacheFill>()
  #closed = false

  constructor(
    private readonly store: BlobStore,
    private readonly clock: Clock,
    private readonly logger: Logger,
    private readonly settings: FillSettings = defaultFillSettings,
  ) {}

  /** How many run, for metrics. */
  get running(): number {
    return this.#running.size
  }

  /**
   * Joins the running fill of this key, or starts one. `key` names the blob and where it is for: repository and
   * digest. A fill that failed is not joined: the next request tries again.
   * @throws RegistryError UNAVAILABLE after `close`
   */
  async fill(key: string, request: FillRequest): Promise<FillHandle> {
    if (this.#closed) throw stopping()
    const running = this.#byKey.get(key)
    if (running !== undefined && !running.failed && !running.gone) return running
    const fill = new CacheFill(request, this.store, this.clock, this.logger, this.settings)
    this.#byKey.set(key, fill)
    this.#running.add(fill)
    const ended = () => this.#running.delete(fill)
    fill.done.then(ended, ended)
    const over = () => {
      if (this.#byKey.get(key) === fill) this.#byKey.delete(key)
    }
    fill.over.then(over, over)
    return fill
  }

  /** Waits for the running fills, at most so long, and ends those that are left. None can be started any more. */
  async close(limitMilliseconds: number): Promise<void> {
    this.#closed = true
    const ended = Promise.allSettled([...this.#running].map(({ done }) => done))
    const limit = new AbortController()
    await Promise.race([ended, sleep(limitMilliseconds, undefined, { signal: limit.signal })])
    limit.abort()
    for (const fill of this.#running) fill.abort(stopping())
    await ended
    await Promise.all([...this.#byKey.values()].map((fill) => fill.letGo()))
  }
}

function stopping(): RegistryError {
  return new RegistryError('UNAVAILABLE', 'the server is stopping: try again in a moment', {
    retryAfterSeconds: 5,
  })
}
