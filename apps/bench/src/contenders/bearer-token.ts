export interface Credentials {
  readonly user: string
  readonly password: string
}

/** Asked for as a client does, and again when less than half of its time is left. */
export class BearerToken {
  #value = ''
  #freshUntil = 0

  constructor(
    private readonly url: string,
    private readonly credentials: Credentials,
    private readonly scope: string,
  ) {}

  async value(): Promise<string> {
    if (performance.now() < this.#freshUntil) return this.#value
    const { user, password } = this.credentials
    const response = await fetch(await this.endpoint(), {
      headers: { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` },
    })
    if (!response.ok) throw new Error(`the token endpoint answers ${response.status}`)
    const { token, expires_in } = (await response.json()) as { token: string; expires_in?: number }
    this.#value = token
    this.#freshUntil = performance.now() + (expires_in ?? 60) * 500
    return token
  }

  private async endpoint(): Promise<string> {
    const response = await fetch(`${this.url}/v2/`)
    await response.body?.cancel()
    const challenge = response.headers.get('www-authenticate') ?? ''
    const [realm, service] = ['realm', 'service'].map((field) =>
      new RegExp(`${field}="([^"]*)"`).exec(challenge),
    )
    if (response.status !== 401 || realm?.[1] === undefined) {
      throw new Error(
        `GET /v2/ without a token answers ${response.status} ${challenge}: authentication is off`,
      )
    }
    const query = new URLSearchParams({ scope: this.scope })
    if (service?.[1] !== undefined) query.set('service', service[1])
    return `${realm[1]}?${query.toString()}`
  }
}
