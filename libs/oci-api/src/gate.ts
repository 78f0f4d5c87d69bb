import type { RequestAuthenticator, TokenScope, WaitingClient } from '@entrepot/identity'
import { anonymous, type Principal, RegistryError, type RequestOrigin } from '@entrepot/kernel'
import type { ImageName } from '@entrepot/oci-model'
import type { OciRepository } from '@entrepot/oci-repository'
import type { ClientLocation } from './client-location.js'
import type { Rights, ScopeAction } from './rights.js'
import { catalogScope, repositoryScope, scopeText, scopesInclude } from './token-scope.js'

/** Who asks, and how far the token they showed lets them go. */
export interface Caller {
  readonly principal: Principal
  /** Undefined without a token: then the policy alone decides. */
  readonly scopes: readonly TokenScope[] | undefined
  readonly isIdentified: boolean
}

/** The image that a request is about, under the name its client knows. */
export interface Subject {
  readonly repository: OciRepository
  readonly image: ImageName
  readonly visibleName: string
}

/** Where the challenge sends the client, and what for; built only when a challenge is needed. */
export interface Challenger {
  readonly location: ClientLocation
  needs(): readonly TokenScope[]
}

/** Authenticates and authorises, and tells with one Bearer challenge what was missing (protocol check list 34-45). */
export class Gate {
  /** Who has shown nothing. */
  readonly nobody: Caller = { principal: anonymous, scopes: [], isIdentified: false }

  constructor(
    private readonly authenticator: RequestAuthenticator,
    private readonly rights: Rights,
    private readonly service: string,
  ) {}

  /** @throws RegistryError UNAUTHORIZED with a challenge for wrong credentials; what the authenticator throws else */
  async identify(
    authorization: string | undefined,
    origin: RequestOrigin,
    challenger: Challenger,
    client?: WaitingClient,
  ): Promise<Caller> {
    try {
      const proved = await this.authenticator.authenticate(authorization, origin, client)
      if (proved.kind === 'basic' || proved.kind === 'access-token') {
        return { principal: proved.principal, scopes: undefined, isIdentified: true }
      }
      if (proved.kind === 'bearer') {
        return { principal: proved.token.principal, scopes: proved.token.scopes, isIdentified: true }
      }
      return this.nobody
    } catch (error) {
      if (!(error instanceof RegistryError) || error.code !== 'UNAUTHORIZED') throw error
      const isToken = authorization !== undefined && /^bearer(?: |$)/i.test(authorization)
      const { message, isForAudit } = error
      throw this.unauthorized(message, challenger, {
        error: isToken ? 'invalid_token' : undefined,
        cause: error,
        isForAudit,
      })
    }
  }

  /** For `GET /v2/`: closed without credentials even where anonymous may read, or no client ever logs in (finding 1). */
  requireLogin(caller: Caller, challenger: Challenger): void {
    if (!caller.isIdentified) throw this.unauthorized('authentication required', challenger)
  }

  requireCatalog(caller: Caller, challenger: Challenger): void {
    const { type, name } = catalogScope
    if (!scopesInclude(caller.scopes, type, name, '*')) throw this.refusal(caller, challenger)
  }

  /** The same refusal for what is closed to the caller and for what isn't there (44). */
  requireAction(caller: Caller, action: ScopeAction, subject: Subject, challenger: Challenger): void {
    if (this.allows(caller, action, subject)) return
    const { repository, image } = subject
    throw this.refusal(caller, challenger, this.rights.allows(caller.principal, action, repository, image))
  }

  /** A token can only narrow what the policy allows at the moment of use. */
  allows(caller: Caller, action: ScopeAction, subject: Subject): boolean {
    return (
      scopesInclude(caller.scopes, 'repository', subject.visibleName, action) &&
      this.rights.allows(caller.principal, action, subject.repository, subject.image)
    )
  }

  /**
   * For what a request would like beside what it is about.
   * @returns false when the policy allows it to no token of the caller's
   * @throws RegistryError UNAUTHORIZED with a challenge when another token would do
   */
  allowsAsWell(caller: Caller, action: ScopeAction, subject: Subject, challenger: Challenger): boolean {
    if (!this.rights.allows(caller.principal, action, subject.repository, subject.image)) return false
    this.requireAction(caller, action, subject, challenger)
    return true
  }

  /** @param isJustNarrow whether another token would do: then a client asks for one, and nobody was refused anything */
  private refusal(caller: Caller, challenger: Challenger, isJustNarrow = false): RegistryError {
    if (!caller.isIdentified) return this.unauthorized('authentication required', challenger)
    if (caller.scopes !== undefined) {
      return this.unauthorized('the token does not grant the access that is needed', challenger, {
        error: 'insufficient_scope',
        isForAudit: !isJustNarrow,
      })
    }
    return new RegistryError('DENIED', 'requested access to the resource is denied', {
      detail: detailOf(challenger.needs()),
    })
  }

  private unauthorized(
    message: string,
    challenger: Challenger,
    particulars: {
      readonly error?: 'invalid_token' | 'insufficient_scope' | undefined
      readonly cause?: unknown
      readonly isForAudit?: boolean
    } = {},
  ): RegistryError {
    const { error, ...options } = particulars
    const needs = challenger.needs()
    let challenge = `Bearer realm="${challenger.location.realm()}",service="${this.service}"`
    if (needs.length > 0) challenge += `,scope="${needs.map(scopeText).join(' ')}"`
    if (error !== undefined) challenge += `,error="${error}"`
    return new RegistryError('UNAUTHORIZED', message, {
      detail: needs.length === 0 ? null : detailOf(needs),
      headers: { 'WWW-Authenticate': challenge },
      ...options,
    })
  }
}

/** The scopes of one need, in the words of Distribution's error detail (45). */
function detailOf(needs: readonly TokenScope[]): readonly object[] {
  return needs.flatMap((need) =>
    need.actions.map((action) => ({ Type: need.type, Name: need.name, Action: action })),
  )
}

/** GET asks for `pull`, a push for `pull,push`, a delete for `delete` (38). */
export function scopeFor(action: ScopeAction, visibleName: string): TokenScope {
  return action === 'push'
    ? repositoryScope(visibleName, 'pull', 'push')
    : repositoryScope(visibleName, action)
}
