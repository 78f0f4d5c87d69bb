import type { ErrorCode } from './error-code.js'

export interface RegistryErrorOptions {
  /** Machine-readable particulars, sent to the client as they are: no secrets, no internal addresses. */
  readonly detail?: unknown
  /** Seconds after which trying again makes sense; sent as `Retry-After` (RFC 9110 10.2.3). */
  readonly retryAfterSeconds?: number
  /** Response headers that belong to this failure, such as `Range` of an upload or `Allow`. */
  readonly headers?: Readonly<Record<string, string>>
  /** What went wrong underneath; logged, never sent. */
  readonly cause?: unknown
  /**
   * Whether a refusal is worth an entry in the audit trail, which it is unless this says no: where the trail has it already,
   * and where nothing was tried, as with a token that has merely expired.
   */
  readonly isForAudit?: boolean
  /** Further errors to list beside this one, for a manifest that lacks several blobs. */
  readonly siblings?: readonly RegistryError[]
}

/**
 * A failure that is told to the client: `message` says what was wrong, with which value, and what to do. Anything thrown
 * that is not a RegistryError is a fault of ours and is told as "internal error" with the request id.
 */
export class RegistryError extends Error {
  override readonly name = 'RegistryError'
  readonly detail: unknown
  readonly retryAfterSeconds: number | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly isForAudit: boolean
  readonly siblings: readonly RegistryError[]

  constructor(
    readonly code: ErrorCode,
    message: string,
    options: RegistryErrorOptions = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.detail = options.detail
    this.retryAfterSeconds = options.retryAfterSeconds
    this.headers = options.headers ?? {}
    this.isForAudit = options.isForAudit ?? true
    this.siblings = options.siblings ?? []
  }
}

export function isRegistryError(error: unknown, ...codes: readonly ErrorCode[]): error is RegistryError {
  return error instanceof RegistryError && (codes.length === 0 || codes.includes(error.code))
}
