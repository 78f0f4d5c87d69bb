export interface FillSettings {
  /**
   * A question that the upstream hasn't begun to answer for this long is given up. Only a safety net: whoever fetches has
   * limits of its own, and has to reach them to learn that an upstream hangs.
   */
  readonly answerMilliseconds: number
  /** A connection that brings no byte for this long is given up, and resumed. */
  readonly stallMilliseconds: number
  /** How often in a row a connection may fail without having brought a byte. */
  readonly maximumFailures: number
  /** How many connections one fill may take in all. */
  readonly maximumConnections: number
  /** Before the first resume; four times as long before each further one that follows a failure without progress. */
  readonly firstPauseMilliseconds: number
  /** How long bytes that are not kept stay after their last reader has left, for one who is just coming. */
  readonly unreadMilliseconds: number
  /** No pause is longer; an upstream that wants a longer one (Retry-After) ends the fill. */
  readonly longestPauseMilliseconds: number
}

export const defaultFillSettings: FillSettings = {
  answerMilliseconds: 300_000,
  stallMilliseconds: 30_000,
  maximumFailures: 5,
  maximumConnections: 100,
  firstPauseMilliseconds: 100,
  unreadMilliseconds: 2000,
  longestPauseMilliseconds: 10_000,
}
