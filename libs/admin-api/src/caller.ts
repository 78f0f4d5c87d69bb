import type { RequestOrigin, UserPrincipal } from '@entrepot/kernel'
import { createParamDecorator, type ExecutionContext } from '@nestjs/common'

/** Who calls a route, and what they showed for it. */
export interface Caller {
  readonly principal: UserPrincipal
  readonly origin: RequestOrigin
  /** Whether the credentials stand for all that the user may do: a token for some content only doesn't. */
  readonly unlimited: boolean
  /** Whether it was a registry token for some content, as `docker pull` gets one: it is good for nothing else. */
  readonly scoped: boolean
  /** Whether they may administer with what they showed. */
  readonly administrator: boolean
}

/** The caller of a route that is not public. */
export const CurrentCaller = createParamDecorator(
  (_data: unknown, context: ExecutionContext) => context.switchToHttp().getRequest<{ user: Caller }>().user,
)
