import type { Logger } from '@entrepot/kernel'
import type { Broadcast } from './broadcast.js'

/** A replica that missed a hint finds the change after this many milliseconds. */
const reloadPeriodMilliseconds = 1000

export interface ReplicatedOptions<T> {
  /** What is kept, in the plural, for messages; also the channel of its hints. */
  readonly name: string
  readonly initial: T
  /** Reads the truth. @returns `current` itself when nothing has changed */
  readonly load: (current: T) => Promise<T>
}

/**
 * Something that every request needs and that seldom changes, kept in memory on every replica: loaded again upon a hint,
 * and every second, because hints get lost.
 */
export class Replicated<T> {
  #current: T
  readonly #listeners: (() => void)[] = []
  /** The reload that runs, and the one that begins after it. */
  #loading: Promise<void> = Promise.resolve()
  #next: Promise<void> | undefined
  #stop: (() => void) | undefined

  constructor(
    private readonly options: ReplicatedOptions<T>,
    private readonly broadcast: Broadcast,
    private readonly logger: Logger,
  ) {
    this.#current = options.initial
  }

  get current(): T {
    return this.#current
  }

  /** Loads and follows changes until `stop`. @throws what the first load throws */
  async start(): Promise<void> {
    await this.reload()
    const reloadOrWarn = () => {
      this.reload().catch((error: unknown) =>
        this.logger.warn({ err: error }, `${this.options.name} could not be reloaded`),
      )
    }
    const unsubscribe = this.broadcast.subscribe(this.options.name, reloadOrWarn)
    const timer = setInterval(reloadOrWarn, reloadPeriodMilliseconds)
    timer.unref()
    this.#stop = () => {
      clearInterval(timer)
      unsubscribe()
    }
  }

  stop(): void {
    this.#stop?.()
    this.#stop = undefined
  }

  /** Calls back after every change that this replica sees. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener)
  }

  /** After a change of this replica's: takes it over here and tells the others. */
  async changed(subject: string): Promise<void> {
    await this.reload()
    try {
      await this.broadcast.publish(this.options.name, subject)
    } catch (error) {
      this.logger.warn(
        { err: error, subject },
        `other replicas learn of this change to ${this.options.name} by their periodic reload only`,
      )
    }
  }

  /** Who asks while a reload runs waits for the next, which sees their write, and which is one for all who ask till then. */
  reload(): Promise<void> {
    this.#next ??= this.#loading
      .catch(() => undefined)
      .then(() => {
        this.#next = undefined
        return this.load()
      })
    this.#loading = this.#next
    return this.#next
  }

  private async load(): Promise<void> {
    const loaded = await this.options.load(this.#current)
    if (loaded === this.#current) return
    this.#current = loaded
    for (const listener of this.#listeners) listener()
  }
}
