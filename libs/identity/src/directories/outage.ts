import { type Clock, RegistryError } from '@entrepot/kernel'

/** As long as a directory needs to be restarted, and short enough that nobody waits for it in vain. */
const pauseMilliseconds = 5000

/** None of the servers of a directory could be reached: UNAVAILABLE. */
export class DirectoryDown extends RegistryError {
  constructor(message: string, retryAfterSeconds: number) {
    super('UNAVAILABLE', message, { retryAfterSeconds })
  }
}

/**
 * A directory that could not be reached is not asked for a pause, or everybody whose confirmation is over would wait for its
 * time limits. Then one question tries it, and the others are refused till that has an answer.
 */
export class Outage {
  #until: number | undefined
  #isTrying = false
  #answers = 0

  constructor(
    private readonly directory: string,
    private readonly clock: Clock,
  ) {}

  /**
   * @param question throws DirectoryDown when it reached nobody
   * @throws DirectoryDown without asking, during the pause
   */
  async ask<T>(question: () => Promise<T>): Promise<T> {
    const isTrying = this.#until !== undefined
    if (isTrying) this.refuseDuringPause()
    this.#isTrying = isTrying
    const answers = this.#answers
    try {
      const answer = await question()
      this.answered()
      return answer
    } catch (error) {
      if (!(error instanceof DirectoryDown)) this.answered()
      // Not what began before somebody else was answered.
      else if (answers === this.#answers) this.#until = this.clock.now() + pauseMilliseconds
      throw error
    } finally {
      if (isTrying) this.#isTrying = false
    }
  }

  private refuseDuringPause(): void {
    const left = (this.#until ?? 0) - this.clock.now()
    // More than the pause: the clock was set back.
    const isPause = left > 0 && left <= pauseMilliseconds
    if (!isPause && !this.#isTrying) return
    throw new DirectoryDown(
      `the directory ${this.directory} could not be reached a moment ago, and is not asked again yet: try again`,
      isPause ? Math.ceil(left / 1000) : 1,
    )
  }

  private answered(): void {
    this.#answers += 1
    this.#until = undefined
  }
}
