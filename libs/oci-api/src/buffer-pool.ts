const bufferBytes = 1024 * 1024

/**
 * The large buffers of all transfers: lent out, given back, made when first needed, never more than a fixed number. Who
 * finds the pool empty makes do with a small buffer of its own, so that clients which take their bytes slowly can't keep
 * others waiting.
 */
export class BufferPool {
  readonly #free: Buffer[] = []
  readonly #maximum: number
  #lent = 0

  constructor(maximumBytes: number) {
    this.#maximum = Math.max(1, Math.floor(maximumBytes / bufferBytes))
  }

  /** Buffers that are out at the moment. */
  get lent(): number {
    return this.#lent
  }

  /** @returns undefined when all are lent out */
  take(): Buffer | undefined {
    if (this.#lent >= this.#maximum) return undefined
    this.#lent += 1
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(bufferBytes)
  }

  giveBack(buffer: Buffer): void {
    this.#lent -= 1
    this.#free.push(buffer)
  }

  /** Instead of `giveBack`, for a buffer that a broken connection may still be reading: it is left to the collector. */
  forget(): void {
    this.#lent -= 1
  }
}

export { bufferBytes }
