import {
  type AuditOutcome,
  type AuditTrail,
  type Clock,
  RegistryError,
  type RequestOrigin,
} from '@entrepot/kernel'
import type { LockPolicy } from './lock-policy.js'
import type { LoginAttempt, LoginBarrier, LoginFailureStore } from './login-failure-store.js'
import { userNameOf } from './user-name.js'

/** Counts failed logins for all replicas together, refuses who failed too often, and writes down what became of each. */
export class FailureCount {
  constructor(
    private readonly failures: LoginFailureStore,
    private readonly policies: { readonly current: LockPolicy },
    private readonly audit: AuditTrail,
    private readonly clock: Clock,
  ) {}

  /** Whether the attempts of an address take turns. */
  slowsAddress({ addressFailures }: LoginBarrier): boolean {
    return addressFailures >= this.policies.current.address.from
  }

  /** @throws RegistryError DENIED for a locked user, TOO_MANY_REQUESTS for one who has to wait */
  async passBarrier(attempt: LoginAttempt, username: string, origin: RequestOrigin): Promise<LoginBarrier> {
    const barrier = await this.failures.find(attempt, this.now())
    if (barrier.locked) {
      this.record('locked', username, origin, { reason: 'the user is locked' })
      throw new RegistryError(
        'DENIED',
        'too many logins with this user name have failed: it is locked, and an administrator has to unlock it',
        { isForAudit: false },
      )
    }
    if (barrier.blockedUntil === undefined) return barrier
    const retryAfterSeconds = Math.max(
      1,
      Math.ceil((barrier.blockedUntil.getTime() - this.clock.now()) / 1000),
    )
    this.record('locked', username, origin, { reason: 'too many failed logins, one after another' })
    throw new RegistryError(
      'TOO_MANY_REQUESTS',
      `too many logins have failed: try again in ${retryAfterSeconds} s`,
      { retryAfterSeconds },
    )
  }

  async add(attempt: LoginAttempt, username: string, origin: RequestOrigin, reason: string): Promise<void> {
    const { locked } = await this.failures.add(attempt, this.policies.current, this.now())
    this.record('refused', username, origin, {
      reason: locked ? `${reason}, and too often: the user is locked` : reason,
    })
  }

  /** Writes an attempt down that is not counted. */
  record(
    outcome: AuditOutcome,
    actor: string,
    origin: RequestOrigin,
    particulars: { readonly realm?: string; readonly reason?: string },
  ): void {
    this.audit.record({ action: 'login', outcome, actor, origin, ...particulars })
  }

  /** Forgets the failures of a user. @returns false when there were none */
  unlock(name: string): Promise<boolean> {
    return this.failures.unlock(userNameOf(name))
  }

  /** @returns the names of those who were locked */
  unlockAll(): Promise<readonly string[]> {
    return this.failures.unlockAll()
  }

  /** @returns the names of the administrators who were locked */
  unlockAdministrators(): Promise<readonly string[]> {
    return this.failures.unlockAdministrators()
  }

  /** The names of the locked, known here or not. */
  locked(): Promise<readonly string[]> {
    return this.failures.locked()
  }

  private now(): Date {
    return new Date(this.clock.now())
  }
}
