/** Where time comes from; handed in through constructors so that tests own it. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number
}

export const systemClock: Clock = { now: () => Date.now() }

/**
 * Whether less than so many milliseconds have passed. What lies in the future is not recent: a clock that was set back
 * must not keep alive for hours what is good for a second.
 */
export function isRecent(since: number, now: number, milliseconds: number): boolean {
  return since <= now && now - since < milliseconds
}
