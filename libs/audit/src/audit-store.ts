import type { AuditEvent, StoredAuditEvent } from './audit-event.js'

/**
 * What an auditor looks for; all of what is given must hold. Texts are compared as a whole; in `actor`, `subject` and `address`
 * a star stands for any text.
 */
export interface AuditFilter {
  /** Events of this time and later. */
  readonly from?: Date | undefined
  /** Events before this time. */
  readonly to?: Date | undefined
  readonly action?: string | undefined
  readonly outcome?: string | undefined
  readonly actor?: string | undefined
  readonly realm?: string | undefined
  readonly address?: string | undefined
  readonly requestId?: string | undefined
  readonly subjectKind?: string | undefined
  readonly subject?: string | undefined
  /** The id that the page before ended with: older events only. */
  readonly before?: string | undefined
  /** From 1 to `maximumAuditPage`. */
  readonly limit: number
}

export const maximumAuditPage = 1000

/** The audit trail, as it can be searched. */
export interface AuditStore {
  /**
   * All or none, with ids in their order.
   * @throws RegistryError REQUEST_INVALID for what can't be stored whenever it is tried
   */
  add(events: readonly AuditEvent[]): Promise<void>
  /**
   * The newest first.
   * @throws RegistryError REQUEST_INVALID for a `before` that is no id, or a limit out of bounds
   */
  search(filter: AuditFilter): Promise<readonly StoredAuditEvent[]>
  /** Deletes the oldest; what another replica is deleting is left to it. @returns how many were deleted */
  deleteBefore(time: Date, limit: number): Promise<number>
}
