/** How failures in a row slow down who goes on. */
export interface SlowDown {
  /** The failure that makes the next attempt wait. */
  readonly from: number
  /** The first wait; each further failure doubles it. */
  readonly firstMilliseconds: number
  readonly maximumMilliseconds: number
  /** Failures are forgotten when none was added for this long. */
  readonly forgottenAfterMilliseconds: number
}

export interface LockPolicy {
  /** Whether an account is locked, until an administrator unlocks it, after `loginAttempts` failures in a row. */
  readonly enabled: boolean
  readonly loginAttempts: number
  readonly user: SlowDown
  /** Much wider, because many users can share an address. */
  readonly address: SlowDown
}

export const defaultLockPolicy: LockPolicy = {
  enabled: false,
  loginAttempts: 5,
  user: {
    from: 3,
    firstMilliseconds: 500,
    maximumMilliseconds: 60_000,
    forgottenAfterMilliseconds: 24 * 60 * 60_000,
  },
  address: {
    from: 100,
    firstMilliseconds: 500,
    maximumMilliseconds: 60_000,
    forgottenAfterMilliseconds: 60 * 60_000,
  },
}
