import type { RequestOrigin } from '@entrepot/kernel'

/** Whoever counts the wrong tokens that are shown as `Bearer`, for the address that shows them. */
export interface TokenAttempts {
  /**
   * Counts one.
   * @param reason for the audit trail
   * @throws RegistryError TOO_MANY_REQUESTS when the address has to wait: then it is not counted
   */
  refused(reason: string, origin: RequestOrigin): Promise<void>
}
