import { pipeline, type Readable, Transform } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { BlobUpload } from '@entrepot/blob-store'
import { isRegistryError, type Logger, RegistryError } from '@entrepot/kernel'
import type { FillProgress } from './fill-progress.js'
import type { FillRequest, FillSource } from './fill-request.js'
import type { FillSettings } from './fill-settings.js'
import { untilAborted } from './fill-until-aborted.js'

/** A connection ended before the blob did: worth another try. */
class Interruption extends Error {
  constructor(readonly told: RegistryError) {
    super(told.message, { cause: told })
  }
}

/** Brings all bytes of a blob into an upload, over as many connections as it takes. */
export class FillDownload {
  #connections = 0
  #answered = false

  constructor(
    private readonly request: FillRequest,
    private readonly upload: BlobUpload,
    private readonly progress: FillProgress,
    private readonly settings: FillSettings,
    private readonly logger: Logger,
  ) {}

  /** How many connections were needed. */
  get connections(): number {
    return this.#connections
  }

  /** @throws RegistryError for what the upstream did last, or of the store; the signal's reason */
  async run(signal: AbortSignal): Promise<void> {
    for (let failures = 0; ;) {
      signal.throwIfAborted()
      const before = this.upload.offset
      try {
        await this.connect(signal)
        return
      } catch (error) {
        signal.throwIfAborted()
        if (!(error instanceof Interruption)) throw error
        if (!this.#answered) throw error.told
        failures = this.upload.offset > before ? 1 : failures + 1
        const pause = this.pauseAfter(error.told, failures)
        if (pause === undefined) throw error.told
        this.logger.warn(
          { err: error.told, digest: this.request.digest, offset: this.upload.offset, pause },
          'the upstream broke off, resuming',
        )
        await sleep(pause, undefined, { signal })
      }
    }
  }

  /** @returns milliseconds, or undefined for giving up */
  private pauseAfter(failure: RegistryError, failures: number): number | undefined {
    const { maximumFailures, maximumConnections, firstPauseMilliseconds, longestPauseMilliseconds } =
      this.settings
    const asked = (failure.retryAfterSeconds ?? 0) * 1000
    if (failures >= maximumFailures || this.#connections >= maximumConnections) return undefined
    if (asked > longestPauseMilliseconds) return undefined
    return Math.max(asked, Math.min(firstPauseMilliseconds * 4 ** (failures - 1), longestPauseMilliseconds))
  }

  private async connect(signal: AbortSignal): Promise<void> {
    this.#connections += 1
    const own = new AbortController()
    const either = AbortSignal.any([signal, own.signal])
    const { answerMilliseconds, stallMilliseconds } = this.settings
    const watch = (milliseconds: number) =>
      setTimeout(() => own.abort(this.stalled(milliseconds)), milliseconds)
    let watchdog = watch(answerMilliseconds)
    try {
      const source = await this.fetch(either)
      clearTimeout(watchdog)
      watchdog = watch(stallMilliseconds)
      try {
        await this.take(source, either, {
          alive: () => watchdog.refresh(),
          stop: (reason) => own.abort(reason),
        })
      } finally {
        source.body.destroy()
      }
    } finally {
      clearTimeout(watchdog)
    }
  }

  private async fetch(signal: AbortSignal): Promise<FillSource> {
    const fetching = this.request.fetch(this.upload.offset, signal)
    try {
      return await untilAborted(fetching, signal)
    } catch (error) {
      fetching.then(({ body }) => body.on('error', ignore).destroy(), ignore)
      if (error instanceof Interruption || signal.aborted || !isWorthAnotherTry(error)) throw error
      throw new Interruption(this.told(error))
    }
  }

  private async take(
    source: FillSource,
    signal: AbortSignal,
    connection: { readonly alive: () => void; readonly stop: (reason: unknown) => void },
  ): Promise<void> {
    const { body } = source
    this.#answered = true
    // What the body says after the append has ended, such as "aborted" when it is destroyed, is no news.
    body.on('error', ignore)
    const total = this.agreedSize(source)
    const tooMuch = this.upload.offset - source.startsAt
    const chunk = tooMuch === 0 ? body : withoutFirst(body, tooMuch, connection.alive)
    const onProgress = (offset: number) => {
      connection.alive()
      if (total !== undefined && offset > total) connection.stop(this.wrongSize(total, `more than ${total}`))
      else this.progress.advanced(offset)
    }
    try {
      await this.upload.append(chunk, { signal, onProgress })
    } catch (error) {
      if (signal.aborted || !(error === body.errored || isPrematureClose(error))) throw error
      throw new Interruption(this.told(error))
    }
    signal.throwIfAborted()
    if (total === undefined) this.progress.sizeKnown(this.upload.offset)
    else if (this.upload.offset < total) throw new Interruption(this.told())
  }

  /** @throws RegistryError UPSTREAM_FAILED when the upstream says another size than it, or the request, said before */
  private agreedSize(source: FillSource): number | undefined {
    const expected = this.progress.total ?? this.request.size
    if (expected !== undefined && source.size !== undefined && source.size !== expected) {
      throw this.wrongSize(expected, String(source.size))
    }
    if (source.startsAt > this.upload.offset) {
      throw failed(
        `the upstream sent blob ${this.request.digest} from byte ${source.startsAt} on, asked for ${this.upload.offset}`,
      )
    }
    const total = expected ?? source.size
    if (total !== undefined && this.progress.total === undefined) this.progress.sizeKnown(total)
    return total
  }

  private stalled(milliseconds: number): Interruption {
    const seconds = milliseconds / 1000
    return new Interruption(
      new RegistryError(
        'UPSTREAM_TIMEOUT',
        `the upstream sent nothing for ${seconds} seconds at byte ${this.upload.offset} of blob ${this.request.digest}`,
      ),
    )
  }

  private wrongSize(expected: number, actual: string): RegistryError {
    return failed(
      `the upstream says that blob ${this.request.digest} has ${actual} bytes, expected ${expected}`,
    )
  }

  private told(cause?: unknown): RegistryError {
    if (cause instanceof RegistryError) return cause
    const size = this.progress.total === undefined ? '' : ` of ${this.progress.total}`
    return failed(
      `the upstream broke off blob ${this.request.digest} at byte ${this.upload.offset}${size}`,
      cause,
    )
  }
}

function isWorthAnotherTry(error: unknown): boolean {
  return (
    !(error instanceof RegistryError) ||
    isRegistryError(error, 'UPSTREAM_FAILED', 'UPSTREAM_TIMEOUT', 'UPSTREAM_UNAVAILABLE', 'TOO_MANY_REQUESTS')
  )
}

function isPrematureClose(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE'
}

function failed(message: string, cause?: unknown): RegistryError {
  return new RegistryError('UPSTREAM_FAILED', message, { cause })
}

/** For an upstream that starts at 0 again although it was asked to go on. */
function withoutFirst(body: Readable, count: number, onSkip: () => void): Readable {
  let left = count
  const rest = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const skipped = Math.min(left, chunk.length)
      left -= skipped
      if (skipped > 0) onSkip()
      if (skipped < chunk.length) done(null, chunk.subarray(skipped))
      else done()
    },
  })
  // A failure of the body destroys `rest` with it, whose reader is told.
  pipeline(body, rest, ignore)
  return rest
}

const ignore = () => undefined
