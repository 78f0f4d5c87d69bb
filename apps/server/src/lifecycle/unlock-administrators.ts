import type { FailureCount } from '@entrepot/identity'
import type { AuditTrail, Logger, RequestOrigin } from '@entrepot/kernel'

/** No request's: what the server does by itself. */
const origin: RequestOrigin = { address: 'local', requestId: '' }

/**
 * The way out when strangers have locked every administrator: whoever can restart the server is none of them. Each is
 * written down.
 */
export async function unlockAdministrators(
  failures: Pick<FailureCount, 'unlockAdministrators'>,
  audit: AuditTrail,
  logger: Pick<Logger, 'warn'>,
): Promise<void> {
  const users = await failures.unlockAdministrators()
  if (users.length === 0) return
  logger.warn({ users }, 'administrators were locked after failed logins: this start unlocks them')
  for (const name of users) {
    audit.record({
      action: 'user.unlock',
      outcome: 'ok',
      actor: 'server',
      origin,
      subject: { kind: 'user', name },
      reason: 'every start of a server unlocks the internal administrators',
    })
  }
}
