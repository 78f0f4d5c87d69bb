import type { DecisionRule } from '../explanation.js'
import type { OciRepository } from '../oci-repository.js'
import type { RequestContext } from '../request-context.js'
import type { VirtualMember } from './virtual-member.js'

/** For who asks why: these may be asked, in this order. */
export function noteCandidates({ explanation }: RequestContext, members: readonly VirtualMember[]): void {
  explanation?.consider(
    members.map(({ repository, priority, through }) => ({
      repository: repository.key,
      priority,
      through: through.map(({ key }) => key),
    })),
  )
}

/** For who asks why: these are not asked. */
export function noteRest(
  { explanation }: RequestContext,
  members: readonly VirtualMember[],
  rule: DecisionRule,
  reason: string,
): void {
  for (const { repository } of members)
    explanation?.note(repository.key, rule, 'passed', `not asked: ${reason}`)
}

/** For who asks why: a member failed, and what that means. */
export function noteFailure(
  { explanation }: RequestContext,
  { key }: OciRepository,
  effect: 'passed' | 'refused',
  error: unknown,
  meaning: string,
): void {
  const message = error instanceof Error ? error.message : 'unknown failure'
  explanation?.note(key, 'failure', effect, message + meaning)
}
