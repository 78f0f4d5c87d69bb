import { readChallenge, type Wire, type WireAsk } from '../../conformance/matrix/wire.js'
import { json, type Answer, type Credentials } from '../../support/registry-client.js'

/** How somebody shows who they are. `Bearer` is what docker does: challenge, token endpoint, the token. */
export type Login = 'Basic' | 'Bearer' | 'AccessToken'

/** Somebody who sends requests in one way; without credentials it is nobody, whose tokens are for anonymous. */
export class Visitor {
  readonly #tokens = new Map<string, string>()

  constructor(
    private readonly wire: Wire,
    private readonly credentials: Credentials | undefined,
    readonly login: Login,
  ) {}

  async send(method: string, path: string, ask: WireAsk = {}): Promise<Answer> {
    if (this.login !== 'Bearer') return this.wire.sendWith(this.#header, method, path, ask)
    const key = scopeKey(method, path)
    const known = this.#tokens.get(key)
    if (known !== undefined) return this.wire.sendWith(known, method, path, ask)
    const challenged = await this.wire.sendWith(undefined, method, path)
    if (challenged.status !== 401) return challenged
    const { realm, service, scope } = readChallenge(challenged)
    const granted = await this.askToken(`${this.wire.pathOf(realm)}?service=${service}`, scope)
    if (granted.status !== 200) return challenged
    const token = `Bearer ${(json(granted) as { token: string }).token}`
    this.#tokens.set(key, token)
    return this.wire.sendWith(token, method, path, ask)
  }

  /** Of the token endpoint, as `GET`. */
  async askToken(path = '/v2/token', scope?: string): Promise<Answer> {
    const query = scope === undefined ? '' : new URLSearchParams({ scope }).toString()
    const separator = path.includes('?') ? '&' : '?'
    return this.wire.sendWith(this.#basic, 'GET', query === '' ? path : `${path}${separator}${query}`)
  }

  /** A token for the scope, as the header that shows it. */
  async bearer(scope: string): Promise<string | undefined> {
    const granted = await this.askToken('/v2/token', scope)
    return granted.status === 200 ? `Bearer ${(json(granted) as { token: string }).token}` : undefined
  }

  /** With an Authorization header of the caller's making, whoever this is. */
  sendWith(
    authorization: string | undefined,
    method: string,
    path: string,
    ask: WireAsk = {},
  ): Promise<Answer> {
    return this.wire.sendWith(authorization, method, path, ask)
  }

  get #header(): string | undefined {
    if (this.login === 'AccessToken' && this.credentials !== undefined)
      return `Bearer ${this.credentials.password}`
    return this.#basic
  }

  get #basic(): string | undefined {
    if (this.credentials === undefined) return undefined
    const { user, password } = this.credentials
    return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
  }
}

/** A token covers one name and one kind of access, and both sides of a mount. */
function scopeKey(method: string, path: string): string {
  const url = new URL(path, 'http://registry')
  const name = /^\/v2\/(.+?)\/(?:blobs|manifests|tags|referrers)\//.exec(url.pathname)?.[1] ?? url.pathname
  const kind = method === 'GET' || method === 'HEAD' ? 'pull' : method === 'DELETE' ? 'delete' : 'push'
  const isUpload = url.pathname.includes('/blobs/uploads')
  return [isUpload ? 'push' : kind, name, url.searchParams.get('from') ?? ''].join(' ')
}
