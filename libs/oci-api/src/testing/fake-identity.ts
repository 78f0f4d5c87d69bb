import type {
  Authentication,
  Authenticator,
  IssuedToken,
  PasswordCredentials,
  RequestAuthenticator,
  TokenScope,
  TokenService,
  VerifiedToken,
  WaitingClient,
} from '@entrepot/identity'
import { type Principal, RegistryError, type RequestOrigin, type UserPrincipal } from '@entrepot/kernel'

/** Users whose password is `<name>:secret`, tokens that are numbers, access and refresh tokens that name their user. Wrong passwords are somebody else's to write down. */
export class FakeIdentity implements Authenticator, RequestAuthenticator, TokenService {
  readonly #tokens = new Map<string, VerifiedToken>()
  readonly revoked = new Set<string>()
  /** When set, every authentication fails with it. */
  failure: Error | undefined
  /** When set, every authentication waits for it first. */
  wait: ((client: WaitingClient | undefined) => Promise<void>) | undefined

  constructor(private readonly users: readonly UserPrincipal[]) {}

  async authenticate(
    credentials: PasswordCredentials,
    origin: RequestOrigin,
    client?: WaitingClient,
  ): Promise<UserPrincipal | undefined>
  async authenticate(
    authorization: string | undefined,
    origin: RequestOrigin,
    client?: WaitingClient,
  ): Promise<Authentication>
  async authenticate(
    proof: PasswordCredentials | string | undefined,
    _origin: RequestOrigin,
    client?: WaitingClient,
  ): Promise<UserPrincipal | Authentication | undefined> {
    await this.wait?.(client)
    if (this.failure !== undefined) throw this.failure
    return typeof proof === 'object' ? this.userOf(proof) : this.authenticateHeader(proof)
  }

  async issue(principal: Principal, scopes: readonly TokenScope[]): Promise<IssuedToken> {
    const token = `token-${this.#tokens.size + 1}`
    this.#tokens.set(token, { principal, scopes })
    return { token, expiresInSeconds: 300, issuedAt: new Date('2026-01-02T03:04:05Z') }
  }

  async verify(token: string): Promise<VerifiedToken> {
    const verified = this.#tokens.get(token)
    if (verified === undefined) throw new RegistryError('UNAUTHORIZED', 'the token is not valid')
    return verified
  }

  readonly refreshTokens = {
    issue: async (principal: UserPrincipal, service: string): Promise<string> =>
      `refresh:${service}:${principal.name}`,
    redeem: async (token: string, service: string): Promise<UserPrincipal | undefined> =>
      this.revoked.has(token)
        ? undefined
        : this.users.find((user) => token === `refresh:${service}:${user.name}`),
  }

  private async authenticateHeader(header: string | undefined): Promise<Authentication> {
    if (header === undefined) return { kind: 'none' }
    const [scheme, credentials = ''] = header.split(' ')
    if (credentials.startsWith('access:'))
      return { kind: 'access-token', principal: this.named(credentials.slice(7)) }
    if (scheme === 'Bearer') return { kind: 'bearer', token: await this.verify(credentials) }
    const text = Buffer.from(credentials, 'base64').toString('utf8')
    const colon = text.indexOf(':')
    const principal = this.userOf({ username: text.slice(0, colon), password: text.slice(colon + 1) })
    if (principal === undefined) {
      throw new RegistryError('UNAUTHORIZED', 'user name or password is wrong', { isForAudit: false })
    }
    return { kind: 'basic', principal }
  }

  private named(name: string): UserPrincipal {
    const user = this.users.find((one) => one.name === name)
    if (user === undefined) throw new RegistryError('UNAUTHORIZED', 'the access token is not valid')
    return user
  }

  private userOf({ username, password }: PasswordCredentials): UserPrincipal | undefined {
    return this.users.find((user) => user.name === username && password === `${username}:secret`)
  }
}
