import type { ErrorCode } from '@entrepot/kernel'
import type { UpstreamRecord } from './upstream-history.js'

export interface UpstreamState {
  readonly host: string
  /**
   * `open`: failed, and left alone until `until`; `probing`: that time is over and the one request that may find out is
   * under way or awaited; `throttled`: the upstream asked to be left alone until `until`.
   */
  readonly circuit: 'closed' | 'open' | 'probing' | 'throttled'
  /** When the first of the failures was that no success has followed; milliseconds since the epoch, undefined while closed. */
  readonly since: number | undefined
  /** Milliseconds since the epoch; undefined while closed. */
  readonly until: number | undefined
  /** What opened the circuit. */
  readonly failure: { readonly code: ErrorCode; readonly message: string } | undefined
  /** Requests under way, bodies included. */
  readonly active: number
  /** Requests waiting for their turn. */
  readonly waiting: number
  readonly record: UpstreamRecord
}
