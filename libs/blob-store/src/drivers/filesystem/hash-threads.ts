import { availableParallelism } from 'node:os'
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { type Digest, type DigestAlgorithm, parseDigest } from '@entrepot/kernel'
import type { HashAnswer, HashRequest } from './hash-messages.js'

/** The main thread wants a core too, and a disk is slower than a few threads hash. */
const mostThreads = Math.min(4, Math.max(1, availableParallelism() - 1))

/** The source under a test runner, what was compiled of it otherwise. */
const workerFile = new URL(`hash-worker${extname(import.meta.url)}`, import.meta.url)

/** Threads that hash files, started when they are first needed. An idle one does not keep the process alive. */
export class HashThreads {
  readonly #threads: HashThread[] = []
  readonly #file: URL

  constructor(file: URL = workerFile) {
    this.#file = file
  }

  /** A hash of a file's bytes from its beginning. */
  begin(algorithm: DigestAlgorithm): ThreadHash {
    return new ThreadHash(this.leastBusy(), algorithm)
  }

  private leastBusy(): HashThread {
    const [first] = this.#threads.toSorted((a, b) => a.hashes - b.hashes)
    if (first !== undefined && (first.hashes === 0 || this.#threads.length === mostThreads)) return first
    const thread = new HashThread(this.#file, () => this.#threads.splice(this.#threads.indexOf(thread), 1))
    this.#threads.push(thread)
    return thread
  }
}

/** All stores of a process share its cores. */
export const hashThreads = new HashThreads()

let lastId = 0

/** One hash in a thread. One call at a time; nothing may be asked after `forget`. */
export class ThreadHash {
  readonly #id = (lastId += 1)
  #position = 0

  constructor(
    private readonly thread: HashThread,
    private readonly algorithm: DigestAlgorithm,
  ) {
    thread.hashes += 1
  }

  /** How many bytes are hashed. */
  get position(): number {
    return this.#position
  }

  /**
   * Hashes on up to `end`. The descriptor has to stay open until this is done.
   * @throws when the file is shorter, can't be read, or the thread has ended
   */
  async read(descriptor: number, end: number): Promise<void> {
    const { algorithm } = this
    await this.thread.ask({ kind: 'read', id: this.#id, algorithm, descriptor, start: this.#position, end })
    this.#position = end
  }

  /** The digest of what is hashed, at least one read; hashing may go on. */
  async digest(): Promise<Digest> {
    const { hex } = await this.thread.ask({ kind: 'digest', id: this.#id })
    return parseDigest(`${this.algorithm}:${hex ?? ''}`)
  }

  forget(): void {
    this.thread.hashes -= 1
    this.thread.tell({ kind: 'forget', id: this.#id })
  }
}

interface Asked {
  readonly resolve: (answer: HashAnswer) => void
  readonly reject: (error: unknown) => void
}

class HashThread {
  /** How many hashes are in its care. */
  hashes = 0
  readonly #worker: Worker
  readonly #asked = new Map<number, Asked>()
  #failure: Error | undefined

  constructor(
    file: URL,
    private readonly onEnd: () => void,
  ) {
    this.#worker = new Worker(file, { name: 'entrepot-hash' })
      .on('message', (answer: HashAnswer) => this.settle(answer))
      .on('error', (error) => this.end(error))
      .on('exit', (code) => this.end(new Error(`exit code ${code}`)))
    this.#worker.unref()
  }

  ask(request: HashRequest): Promise<HashAnswer> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) {
        reject(this.#failure)
        return
      }
      if (this.#asked.size === 0) this.#worker.ref()
      this.#asked.set(request.id, { resolve, reject })
      this.tell(request)
    })
  }

  tell(request: HashRequest): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
    this.#worker.postMessage(request)
  }

  private settle(answer: HashAnswer): void {
    const asked = this.#asked.get(answer.id)
    this.#asked.delete(answer.id)
    if (this.#asked.size === 0) this.#worker.unref()
    if ('error' in answer) asked?.reject(answer.error)
    else asked?.resolve(answer)
  }

  private end(cause: unknown): void {
    if (this.#failure !== undefined) return
    this.#failure = new Error('the thread that hashes uploads has ended', { cause })
    this.onEnd()
    for (const { reject } of this.#asked.values()) reject(this.#failure)
    this.#asked.clear()
  }
}
