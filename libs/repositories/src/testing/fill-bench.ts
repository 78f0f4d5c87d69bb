import { Readable } from 'node:stream'
import type { BlobBody, BlobStore, StoredBlob } from '@entrepot/blob-store'
import { MemoryBlobStore } from '@entrepot/blob-store/testing'
import { type Digest, digestOf, silentLogger, systemClock } from '@entrepot/kernel'
import { CacheFills } from '../cache-fills.js'
import type { FillHandle, FillRequest, FillSource } from '../fill-request.js'
import type { FillSettings } from '../fill-settings.js'

/** Quick enough for tests; everything else as by default. */
export const impatient: FillSettings = {
  answerMilliseconds: 1000,
  stallMilliseconds: 60,
  maximumFailures: 3,
  maximumConnections: 100,
  firstPauseMilliseconds: 1,
  longestPauseMilliseconds: 4,
  unreadMilliseconds: 20,
}

type Answer = (fromOffset: number, signal: AbortSignal) => Promise<FillSource> | FillSource

/** An upstream with one blob, which answers its first calls as the script says and all others as it should. */
export class ScriptedUpstream {
  readonly offsets: number[] = []
  readonly bodies: Readable[] = []

  constructor(
    readonly bytes: Buffer,
    private readonly script: readonly Answer[] = [],
  ) {}

  async fetch(fromOffset: number, signal: AbortSignal): Promise<FillSource> {
    const answer = this.script[this.offsets.length]
    this.offsets.push(fromOffset)
    const source = answer === undefined ? this.rest(fromOffset) : await answer(fromOffset, signal)
    this.bodies.push(source.body)
    return source
  }

  /** All from `fromOffset` on, or the first `count` bytes of that and then `failure`. */
  rest(fromOffset: number, count = Number.POSITIVE_INFINITY, failure?: Error): FillSource {
    const bytes = this.bytes.subarray(fromOffset, fromOffset + count)
    return { body: bodyOf(bytes, failure), size: this.bytes.length, startsAt: fromOffset }
  }
}

export class FillBench<Store extends BlobStore = MemoryBlobStore> {
  readonly fills: CacheFills
  readonly committed: StoredBlob[] = []

  constructor(
    readonly store: Store,
    settings: Partial<FillSettings> = {},
  ) {
    this.fills = new CacheFills(store, systemClock, silentLogger, { ...impatient, ...settings })
  }

  static inMemory(settings: Partial<FillSettings> = {}, capacity?: number): FillBench {
    return new FillBench(new MemoryBlobStore(capacity), settings)
  }

  start(upstream: ScriptedUpstream, overrides: Partial<FillRequest> = {}): Promise<FillHandle> {
    const digest: Digest = overrides.digest ?? digestOf(upstream.bytes)
    return this.fills.fill(`1/${digest}`, {
      digest,
      fetch: (fromOffset, signal) => upstream.fetch(fromOffset, signal),
      commit: (stored) => {
        this.committed.push(stored)
        return Promise.resolve(stored)
      },
      ...overrides,
    })
  }
}

/** A source that sends what it is told to, when it is told to. */
export class HandFedBody extends Readable {
  override _read(): void {
    // Fed by push() alone.
  }
}

export function bodyOf(bytes: Buffer, failure?: Error, pieceBytes = 16_384): Readable {
  return Readable.from(
    (function* () {
      for (let start = 0; start < bytes.length; start += pieceBytes) {
        yield bytes.subarray(start, start + pieceBytes)
      }
      if (failure !== undefined) throw failure
    })(),
  )
}

/** Reads to the end, in pieces of `pieceBytes`, and closes. */
export async function readAll(body: BlobBody, pieceBytes = 10_000): Promise<Buffer> {
  const parts: Buffer[] = []
  try {
    for (;;) {
      const target = Buffer.alloc(pieceBytes)
      const count = await body.read(target)
      if (count === 0) return Buffer.concat(parts)
      parts.push(target.subarray(0, count))
    }
  } finally {
    await body.close()
  }
}
