import type { Clock, Logger } from '@entrepot/kernel'
import { LRUCache } from 'lru-cache'
import type { AccessTokenStore } from './access-token-store.js'

/** How exact the time of last use is, and how often a busy token's is written. */
const precisionMilliseconds = 60_000

const writePeriodMilliseconds = 10_000

const maximumRemembered = 100_000

/** Notes when tokens were used and writes it later, many at once: no request waits for it. */
export class AccessTokenUses {
  readonly #noted = new LRUCache<string, number>({ max: maximumRemembered })
  #pending = new Map<string, Date>()
  #timer: NodeJS.Timeout | undefined

  constructor(
    private readonly store: Pick<AccessTokenStore, 'recordUses'>,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  note(id: string): void {
    const now = this.clock.now()
    if (now - (this.#noted.get(id) ?? -Infinity) < precisionMilliseconds) return
    this.#noted.set(id, now)
    this.#pending.set(id, new Date(now))
  }

  start(): void {
    this.#timer ??= setInterval(() => void this.write(), writePeriodMilliseconds).unref()
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    this.#timer = undefined
    await this.write()
  }

  /** Never rejects: what could not be written is tried again with the next. */
  async write(): Promise<void> {
    if (this.#pending.size === 0) return
    const uses = this.#pending
    this.#pending = new Map()
    try {
      await this.store.recordUses(uses)
    } catch (error) {
      this.logger.warn(
        { err: error, tokens: uses.size },
        'the last use of access tokens could not be written',
      )
      if (uses.size < maximumRemembered) this.#pending = new Map([...uses, ...this.#pending])
    }
  }
}
