import type { LockPolicy, LoginAttempt, LoginBarrier, LoginFailureStore, SlowDown } from '@entrepot/identity'
import type { Database, Statement } from '../database.js'

interface CountRow {
  readonly kind: 'user' | 'address'
  readonly failures: number
  /** Milliseconds, not positive when it is over. */
  readonly wait: number
  readonly locked: boolean
}

interface Counted {
  readonly kind: CountRow['kind']
  readonly key: string
  readonly slowDown: SlowDown
  /** Undefined: never. */
  readonly locksAfter: number | undefined
}

export class PostgresLoginFailureStore implements LoginFailureStore {
  /**
   * @param time whose counts: the database's is one for all replicas, or one whose clock is ahead would have its users wait
   *   for as long on all others; the caller's is for tests
   */
  constructor(
    private readonly database: Database,
    private readonly time: 'database' | 'caller' = 'database',
  ) {}

  async find(attempt: LoginAttempt, now: Date): Promise<LoginBarrier> {
    const values = [attempt.user ?? null, attempt.address, this.at(now)]
    return barrierOf(await this.database.query<CountRow>(findFailures, values), now)
  }

  async add(attempt: LoginAttempt, policy: LockPolicy, now: Date): Promise<LoginBarrier> {
    const counted: Counted[] = [
      { kind: 'address', key: attempt.address, slowDown: policy.address, locksAfter: undefined },
    ]
    if (attempt.user !== undefined) {
      const locksAfter = policy.enabled ? policy.loginAttempts : undefined
      counted.push({ kind: 'user', key: attempt.user, slowDown: policy.user, locksAfter })
    }
    const values = [
      this.at(now),
      counted.map(({ kind }) => kind),
      counted.map(({ key }) => key),
      counted.map(({ slowDown }) => slowDown.from),
      counted.map(({ slowDown }) => slowDown.firstMilliseconds),
      counted.map(({ slowDown }) => slowDown.maximumMilliseconds),
      counted.map(({ slowDown }) => slowDown.forgottenAfterMilliseconds),
      counted.map(({ locksAfter }) => locksAfter ?? null),
    ]
    return barrierOf(await this.database.query<CountRow>(addFailures, values), now)
  }

  async unlock(user: string): Promise<boolean> {
    if (user.includes('\0')) return false
    return (await this.database.query(unlockUser, [user])).length > 0
  }

  unlockAll(): Promise<readonly string[]> {
    return this.names(unlockEverybody)
  }

  unlockAdministrators(): Promise<readonly string[]> {
    return this.names(unlockAdministrators)
  }

  locked(): Promise<readonly string[]> {
    return this.names(lockedUsers)
  }

  private at(now: Date): Date | null {
    return this.time === 'caller' ? now : null
  }

  private async names(statement: Statement): Promise<readonly string[]> {
    const rows = await this.database.query<{ key: string }>(statement, [])
    return rows.map(({ key }) => key)
  }
}

/** @param now by the clock of the caller, to whom the end of the wait is told */
function barrierOf(rows: readonly CountRow[], now: Date): LoginBarrier {
  const user = rows.find(({ kind }) => kind === 'user')
  const wait = Math.max(0, ...rows.map((row) => row.wait))
  return {
    locked: user?.locked ?? false,
    blockedUntil: wait > 0 ? new Date(now.getTime() + wait) : undefined,
    userFailures: user?.failures ?? 0,
    addressFailures: rows.find(({ kind }) => kind === 'address')?.failures ?? 0,
  }
}

/** @param at the parameter for another time than the database's */
const timeOr = (at: string) => `coalesce(${at}::timestamptz, statement_timestamp())`

const columns = (at: string) =>
  `kind, failures, locked, ceil(extract(epoch FROM blocked_until - ${timeOr(at)}) * 1000)::float8 AS wait`

const findFailures: Statement = {
  name: 'login-failures-find',
  text: `
    SELECT ${columns('$3')} FROM login_failures WHERE kind = 'user' AND key = $1
    UNION ALL
    SELECT ${columns('$3')} FROM login_failures WHERE kind = 'address' AND key = $2`,
}

/**
 * $1 the time, or NULL for the database's; $2 to $8 one element for each count, addresses before users: kind, key, the failure from which on one waits,
 * first and longest wait, time to forget (milliseconds), the failure that locks. The row's own count decides, under its
 * lock, so that no failure of another replica is lost. Each failure takes some old rows away: names can be made up, so
 * a locked one without an account goes after thirty days.
 */
const addFailures: Statement = {
  name: 'login-failures-add',
  text: `
    WITH old AS (
      DELETE FROM login_failures WHERE (kind, key) IN (
        SELECT kind, key FROM login_failures f
        WHERE f.last_at < ${timeOr('$1')} - interval '2 days' AND f.key <> ALL ($3::text[]) AND (
          NOT f.locked OR f.last_at < ${timeOr('$1')} - interval '30 days'
            AND NOT EXISTS (SELECT 1 FROM users u WHERE u.name = f.key)
        )
        ORDER BY f.last_at LIMIT 20 FOR UPDATE SKIP LOCKED
      )
    ), counted AS (
      SELECT * FROM unnest($2::text[], $3::text[], $4::int[], $5::float8[], $6::float8[], $7::float8[], $8::int[])
        AS c (kind, key, wait_from, first_wait, longest_wait, forgotten_after, locks_after)
    )
    INSERT INTO login_failures AS f (kind, key, failures, last_at, blocked_until, locked)
    SELECT kind, key, 1, ${timeOr('$1')},
      ${timeOr('$1')} + CASE WHEN wait_from <= 1 THEN first_wait ELSE 0 END * interval '1 millisecond',
      coalesce(locks_after <= 1, false)
    FROM counted ORDER BY kind
    ON CONFLICT (kind, key) DO UPDATE SET (failures, last_at, blocked_until, locked) = (
      SELECT n.failures, excluded.last_at,
        greatest(f.blocked_until, excluded.last_at + CASE WHEN n.failures < c.wait_from THEN 0
          ELSE least(c.longest_wait, c.first_wait * power(2, least(n.failures - c.wait_from, 40)))
        END * interval '1 millisecond'),
        f.locked OR coalesce(n.failures >= c.locks_after, false)
      FROM counted c, LATERAL (
        SELECT CASE WHEN f.last_at <= excluded.last_at - c.forgotten_after * interval '1 millisecond' THEN 1
          ELSE f.failures + 1 END AS failures
      ) n
      WHERE c.kind = f.kind
    )
    RETURNING ${columns('$1')}`,
}

const unlockUser: Statement = {
  text: `DELETE FROM login_failures WHERE kind = 'user' AND key = $1 RETURNING key`,
}

const unlockEverybody: Statement = {
  text: `
    WITH unlocked AS (
      DELETE FROM login_failures WHERE kind = 'user' AND locked RETURNING key
    )
    SELECT key FROM unlocked ORDER BY key`,
}

const unlockAdministrators: Statement = {
  text: `
    WITH unlocked AS (
      DELETE FROM login_failures f USING users u
      WHERE f.kind = 'user' AND f.locked AND u.name = f.key AND u.admin AND u.realm = 'internal'
      RETURNING f.key
    )
    SELECT key FROM unlocked ORDER BY key`,
}

const lockedUsers: Statement = {
  text: `SELECT key FROM login_failures WHERE kind = 'user' AND locked ORDER BY key`,
}
