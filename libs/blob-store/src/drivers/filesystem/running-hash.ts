import { createHash, type Hash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { type Digest, type DigestAlgorithm, finishDigest } from '@entrepot/kernel'

const readBytes = 1024 * 1024

/** The hash of the first `position` bytes of a file that only grows. */
export class RunningHash {
  #hash: Hash
  #position = 0

  constructor(readonly algorithm: DigestAlgorithm) {
    this.#hash = createHash(algorithm)
  }

  get position(): number {
    return this.#position
  }

  update(chunk: Buffer): void {
    this.#hash.update(chunk)
    this.#position += chunk.length
  }

  /** Forgets everything: the next `catchUp` starts at 0. */
  reset(): void {
    this.#hash = createHash(this.algorithm)
    this.#position = 0
  }

  /**
   * Reads what this hash has not seen, up to `size`; the next piece is read while one is hashed.
   * @throws when the file is shorter; the signal's reason
   */
  async catchUp(file: FileHandle, size: number, signal?: AbortSignal): Promise<void> {
    if (this.#position >= size) return
    const buffers = [Buffer.allocUnsafe(readBytes), Buffer.allocUnsafe(readBytes)] as const
    const readInto = (buffer: Buffer, position: number) =>
      file.read(buffer, 0, Math.min(buffer.length, size - position), position)
    let [current, spare] = buffers
    let { bytesRead } = await readInto(current, this.#position)
    while (bytesRead > 0) {
      signal?.throwIfAborted()
      const following = this.#position + bytesRead
      const reading = following < size ? readInto(spare, following) : undefined
      this.update(current.subarray(0, bytesRead))
      bytesRead = (await reading)?.bytesRead ?? 0
      ;[current, spare] = [spare, current]
    }
    if (this.#position < size) throw new Error(`the file ends at ${this.#position}, expected ${size} bytes`)
  }

  /** The digest so far; hashing may go on. */
  digest(): Digest {
    return finishDigest(this.#hash.copy(), this.algorithm)
  }
}
