import { createHash, type Hash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { type Digest, type DigestAlgorithm, finishDigest } from '@entrepot/kernel'
import type { HashThreads, ThreadHash } from './hash-threads.js'

/** What is smaller is hashed as it arrives: a message to another thread would cost more than it saves. */
const smallBytes = 4 * 1024 * 1024

/** A thread's turn: long enough to be worth a message, short enough that other uploads need not wait. */
const turnBytes = 8 * 1024 * 1024

/** How far hashing may fall behind before the upload waits for it: what it reads is still in memory then. */
const mostBehindBytes = 64 * 1024 * 1024

/**
 * The hash of the first bytes of a file that only grows. The first few megabytes are hashed as they arrive; beyond them a
 * thread reads the file behind the writer. A thread can begin anew at any time, so it also serves when bytes were not
 * seen arriving: after a restart, or when another replica appended.
 */
export class RunningHash {
  /** Undefined once a thread has taken over. */
  #arriving: Hash | undefined
  #arrived = 0
  #following: ThreadHash | undefined
  #turn: Promise<void> | undefined
  #failure: { readonly error: unknown } | undefined

  constructor(
    readonly algorithm: DigestAlgorithm,
    private readonly threads: HashThreads,
  ) {
    this.#arriving = createHash(algorithm)
  }

  /** Says that the file has `size` bytes, whatever was seen arriving; not while a turn runs. */
  foundSize(size: number): void {
    if (this.#arriving !== undefined && this.#arrived !== size) this.#arriving = undefined
    if (this.#failure !== undefined || (this.#following?.position ?? 0) > size) this.forget()
  }

  /** Takes the bytes that come next, before they are written. */
  update(chunk: Buffer): void {
    if (this.#arriving === undefined) return
    this.#arrived += chunk.length
    if (this.#arrived <= smallBytes) this.#arriving.update(chunk)
    else this.#arriving = undefined
  }

  /**
   * Lets a thread hash what was written. @returns when the upload has to wait, until when
   * @throws what made hashing fail
   */
  follow(file: FileHandle, size: number): Promise<void> | undefined {
    if (this.#failure !== undefined) throw this.#failure.error
    if (this.#arriving !== undefined) return undefined
    this.#following ??= this.threads.begin(this.algorithm)
    const { position } = this.#following
    this.#turn ??= this.takeTurn(this.#following, file, Math.min(size, position + turnBytes))
    if (size - position <= mostBehindBytes) return undefined
    return this.#turn.then(() => this.follow(file, size))
  }

  /** Until no thread reads the file: it must not be closed before. */
  async settled(): Promise<void> {
    await this.#turn
  }

  /** The digest of the first `size` bytes; hashing may go on. @throws what made hashing fail */
  async digest(file: FileHandle, size: number): Promise<Digest> {
    this.foundSize(size)
    if (this.#arriving !== undefined) return finishDigest(this.#arriving.copy(), this.algorithm)
    let following = this.#following
    while (following === undefined || following.position < size) {
      await this.follow(file, size)
      await this.settled()
      following = this.#following
    }
    return following.digest()
  }

  /** Leaves nothing behind in a thread; the next to ask begins anew. */
  forget(): void {
    this.#following?.forget()
    this.#following = undefined
    this.#failure = undefined
  }

  private takeTurn(following: ThreadHash, file: FileHandle, end: number): Promise<void> {
    return following
      .read(file.fd, end)
      .catch((error: unknown) => {
        this.#failure = { error }
      })
      .finally(() => {
        this.#turn = undefined
      })
  }
}
