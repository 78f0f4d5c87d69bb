import type { LockPolicy } from './lock-policy.js'

/** What stands against an attempt. */
export interface LoginBarrier {
  /** Until an administrator takes it away. */
  readonly locked: boolean
  /** Undefined when nobody has to wait. */
  readonly blockedUntil: Date | undefined
  /** Failures in a row of the user. */
  readonly userFailures: number
  /** Failures in a row of the address. */
  readonly addressFailures: number
}

export interface LoginAttempt {
  /** As `userNameOf` makes it, known here or not; undefined for what could be no name. */
  readonly user: string | undefined
  /** As `addressKeyOf` makes it. */
  readonly address: string
}

/** Failed logins, counted for all replicas together. */
export interface LoginFailureStore {
  find(attempt: LoginAttempt, now: Date): Promise<LoginBarrier>
  /** Adds one failure to the user and to the address; whatever is added at one time is all counted. */
  add(attempt: LoginAttempt, policy: LockPolicy, now: Date): Promise<LoginBarrier>
  /** Forgets the failures of a user and unlocks them. @returns false when there were none */
  unlock(user: string): Promise<boolean>
  /** @returns the names of those who were locked */
  unlockAll(): Promise<readonly string[]>
  /** Unlocks those who administer by themselves and live here. @returns their names */
  unlockAdministrators(): Promise<readonly string[]>
  /** The names of the locked, in order, known here or not. */
  locked(): Promise<readonly string[]>
}
