import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { basicName, isAdministrator, mayAdminister, type RequestAuthenticator } from '@entrepot/identity'
import {
  type AuditTrail,
  type ClientAddressOf,
  isRegistryError,
  type Principal,
  RegistryError,
  type RequestOrigin,
} from '@entrepot/kernel'

/** Lets who may read the metrics read them: administrators, and tokens with the scope `system:metrics:r`. */
export class MetricsAccess {
  constructor(
    private readonly authenticator: RequestAuthenticator,
    private readonly clientAddressOf: ClientAddressOf,
    private readonly audit: AuditTrail,
  ) {}

  /** @throws RegistryError UNAUTHORIZED, DENIED; what the authenticator throws */
  async check(request: IncomingMessage): Promise<void> {
    const origin = { address: this.clientAddressOf(request), requestId: randomUUID() }
    const { authorization } = request.headers
    let reader: Principal | undefined
    try {
      reader = await this.readerOf(authorization, origin)
      if (reader === undefined) throw new RegistryError('UNAUTHORIZED', 'the metrics need a login')
      if (reader.kind === 'user' && (isAdministrator(reader) || reader.readsMetrics === true)) return
      throw new RegistryError('DENIED', 'the metrics need an administrator, or a token with system:metrics:r')
    } catch (error) {
      if (
        authorization !== undefined &&
        isRegistryError(error, 'UNAUTHORIZED', 'DENIED') &&
        error.isForAudit
      ) {
        this.audit.record({
          action: 'access',
          outcome: 'refused',
          actor: reader?.name ?? basicName(authorization) ?? 'anonymous',
          origin,
          subject: { kind: 'route', name: `${request.method} /metrics` },
          reason: error.message,
        })
      }
      throw error
    }
  }

  /** @returns undefined for nobody, and for a registry token, which is for content */
  private async readerOf(
    authorization: string | undefined,
    origin: RequestOrigin,
  ): Promise<Principal | undefined> {
    const proved = await this.authenticator.authenticate(authorization, origin)
    if (proved.kind === 'none') return undefined
    if (proved.kind !== 'bearer') return proved.principal
    return mayAdminister(proved.token.scopes) ? proved.token.principal : undefined
  }
}
