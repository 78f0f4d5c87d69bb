import type { Clock, Logger } from '@entrepot/kernel'
import { UpstreamError } from './upstream-error.js'
import type { UpstreamState } from './upstream-state.js'

/** A throttling upstream is asked again after this time at the latest, whatever its `Retry-After` says. */
const longestHoldMilliseconds = 60_000

/** One request's leave to ask. It says once how it went; anything said later changes nothing. */
export interface Attempt {
  /** The upstream is there, whatever it said. */
  succeeded(): void
  failed(error: UpstreamError): void
  /** Nothing was learned: the caller went away. */
  abandoned(): void
}

interface Hold {
  readonly kind: 'open' | 'throttled'
  /** When the first of the failures was that no success has followed yet. */
  readonly since: number
  /** Milliseconds since the epoch. */
  readonly until: number
  readonly error: UpstreamError
}

/**
 * Leaves an upstream alone that is down or throttles us: requests fail at once with the failure that began it. When the
 * time is over one request at a time may find out (after a failure; after throttling all may); its success ends it.
 */
export class Circuit {
  #hold: Hold | undefined
  #probe: symbol | undefined
  /** Grows with each recovery: what an attempt from before it has to tell is old news. */
  #recoveries = 0

  constructor(
    private readonly assumedOfflineMilliseconds: number,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  /** @throws UpstreamError what {@link Circuit.admit} would throw; claims nothing */
  check(): void {
    const hold = this.#current()
    if (hold === undefined || (this.#left(hold) <= 0 && this.#probe === undefined)) return
    const seconds = Math.max(Math.ceil(this.#left(hold) / 1000), 1)
    const message = `${hold.error.message} (it is not asked again for another ${seconds} s)`
    throw new UpstreamError(hold.error.code, message, 'alive', {
      retryAfterSeconds: seconds,
      cause: hold.error,
    })
  }

  /** @throws UpstreamError the failure that opened the circuit, with the seconds that are left of it */
  admit(): Attempt {
    this.check()
    return this.force()
  }

  /** Leave to ask at once, for a person who wants to know. */
  force(): Attempt {
    const id = Symbol('attempt')
    const recoveries = this.#recoveries
    if (this.#current() !== undefined) this.#probe ??= id
    let told = false
    const tell = (news: () => void) => {
      if (told) return
      told = true
      const probing = this.#probe === id
      if (probing) this.#probe = undefined
      if (probing || recoveries === this.#recoveries) news()
    }
    return {
      succeeded: () => tell(() => this.#recover()),
      failed: (error) => tell(() => this.#fail(error)),
      abandoned: () => tell(() => undefined),
    }
  }

  state(): Pick<UpstreamState, 'circuit' | 'since' | 'until' | 'failure'> {
    const hold = this.#current()
    if (hold === undefined)
      return { circuit: 'closed', since: undefined, until: undefined, failure: undefined }
    return {
      circuit: this.#left(hold) <= 0 ? 'probing' : hold.kind,
      since: hold.since,
      until: hold.until,
      failure: { code: hold.error.code, message: hold.error.message },
    }
  }

  #current(): Hold | undefined {
    if (this.#hold?.kind === 'throttled' && this.#left(this.#hold) <= 0) this.#hold = undefined
    return this.#hold
  }

  #left(hold: Hold): number {
    return hold.until - this.clock.now()
  }

  #recover(): void {
    if (this.#hold?.kind !== 'open') return
    this.#hold = undefined
    this.#recoveries += 1
    this.logger.info({}, 'upstream is back')
  }

  #fail(error: UpstreamError): void {
    const asked = error.retryAfterSeconds === undefined ? undefined : error.retryAfterSeconds * 1000
    if (error.effect === 'down') {
      this.#leaveAlone('open', error, Math.min(this.assumedOfflineMilliseconds, asked ?? Infinity))
    } else if (error.effect === 'throttled') {
      this.#leaveAlone('throttled', error, Math.min(asked ?? 0, longestHoldMilliseconds))
    } else {
      this.#recover()
    }
  }

  #leaveAlone(kind: Hold['kind'], error: UpstreamError, milliseconds: number): void {
    if (milliseconds <= 0) {
      this.#recover()
      return
    }
    const current = this.#current()
    if (current !== undefined && this.#left(current) > 0) return
    const now = this.clock.now()
    this.#hold = { kind, error, since: current?.since ?? now, until: now + milliseconds }
    this.logger.warn(
      { code: error.code, reason: error.message, milliseconds },
      'upstream is left alone for a while',
    )
  }
}
