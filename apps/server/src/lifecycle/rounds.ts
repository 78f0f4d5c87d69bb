export interface Timing {
  /** Milliseconds from the start to the first round. */
  readonly first: number
  /** Milliseconds from the end of a round to the next. */
  readonly period: number
}

/** Work that is done now and then, one round at a time, and that keeps no process alive. */
export class Rounds {
  #timer: NodeJS.Timeout | undefined
  #round: Promise<void> | undefined
  #stopped = false

  /** @param round never rejects: what it can't do it logs and leaves for the next */
  constructor(
    private readonly timing: Timing,
    private readonly round: () => Promise<void>,
  ) {}

  /** A round with much to do looks here between its steps. */
  get isStopped(): boolean {
    return this.#stopped
  }

  start(): void {
    this.schedule(this.timing.first)
  }

  /** Waits for the round that is going on. */
  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    await this.#round
  }

  private schedule(milliseconds: number): void {
    if (this.#stopped) return
    this.#timer = setTimeout(() => {
      this.#round = this.round().finally(() => this.schedule(this.timing.period))
    }, milliseconds)
    this.#timer.unref()
  }
}
