import { byCodePoint } from '@entrepot/kernel'
import type { LockPolicy, SlowDown } from '../lock-policy.js'
import type { LoginAttempt, LoginBarrier, LoginFailureStore } from '../login-failure-store.js'

interface Count {
  readonly failures: number
  readonly lastAt: number
  readonly blockedUntil: number
  readonly locked: boolean
}

export class InMemoryLoginFailureStore implements LoginFailureStore {
  readonly users = new Map<string, Count>()
  readonly addresses = new Map<string, Count>()
  /** How often anything was read or written, for tests of what costs nothing. */
  statements = 0

  constructor(private readonly isAdministrator: (name: string) => boolean = () => false) {}

  async find(attempt: LoginAttempt, now: Date): Promise<LoginBarrier> {
    this.statements += 1
    return this.barrier(attempt, now)
  }

  async add(attempt: LoginAttempt, policy: LockPolicy, now: Date): Promise<LoginBarrier> {
    this.statements += 1
    const at = now.getTime()
    const locksAfter = policy.enabled ? policy.loginAttempts : Infinity
    count(this.addresses, attempt.address, policy.address, at, Infinity)
    if (attempt.user !== undefined) count(this.users, attempt.user, policy.user, at, locksAfter)
    return this.barrier(attempt, now)
  }

  async unlock(user: string): Promise<boolean> {
    this.statements += 1
    return this.users.delete(user)
  }

  async unlockAll(): Promise<readonly string[]> {
    const locked = await this.locked()
    for (const name of locked) this.users.delete(name)
    return locked
  }

  async unlockAdministrators(): Promise<readonly string[]> {
    const locked = (await this.locked()).filter(this.isAdministrator)
    for (const name of locked) this.users.delete(name)
    return locked
  }

  async locked(): Promise<readonly string[]> {
    this.statements += 1
    const locked = [...this.users].filter(([, user]) => user.locked)
    return locked.map(([name]) => name).sort(byCodePoint)
  }

  private barrier({ user, address }: LoginAttempt, now: Date): LoginBarrier {
    const counts = [user === undefined ? undefined : this.users.get(user), this.addresses.get(address)]
    const until = Math.max(...counts.map((each) => each?.blockedUntil ?? 0))
    return {
      locked: counts[0]?.locked ?? false,
      blockedUntil: until > now.getTime() ? new Date(until) : undefined,
      userFailures: counts[0]?.failures ?? 0,
      addressFailures: counts[1]?.failures ?? 0,
    }
  }
}

function count(
  counts: Map<string, Count>,
  key: string,
  slowDown: SlowDown,
  now: number,
  locksAfter: number,
): void {
  const known = counts.get(key)
  const isOld = known === undefined || now - known.lastAt >= slowDown.forgottenAfterMilliseconds
  const failures = isOld ? 1 : known.failures + 1
  const { from, firstMilliseconds, maximumMilliseconds } = slowDown
  const wait = failures < from ? 0 : Math.min(maximumMilliseconds, firstMilliseconds * 2 ** (failures - from))
  counts.set(key, {
    failures,
    lastAt: now,
    blockedUntil: Math.max(known?.blockedUntil ?? 0, now + wait),
    locked: known?.locked === true || failures >= locksAfter,
  })
}
