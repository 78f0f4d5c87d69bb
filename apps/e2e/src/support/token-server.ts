import { createPrivateKey, createSign, randomUUID, X509Certificate, type KeyObject } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { succeed } from './processes.js'
import { freePort, listen } from './workplace.js'

export const upstreamUser = { user: 'buyer', password: 'half:a crown' }
const issuer = 'e2e-issuer'
const service = 'e2e-upstream'

interface Access {
  readonly type: string
  readonly name: string
  readonly actions: readonly string[]
}

/** A token endpoint for Distribution, with a key of its own: grants all that is asked to one user. */
export class TokenServer {
  readonly asked: { readonly scopes: string[]; readonly withPassword: boolean }[] = []

  private constructor(
    private readonly server: Server,
    readonly port: number,
    private readonly folder: string,
    private readonly key: KeyObject,
    private readonly certificate: X509Certificate,
  ) {}

  static async start(folder: string): Promise<TokenServer> {
    const [key, certificate] = [join(folder, 'token.key'), join(folder, 'token.crt')]
    const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=e2e', '-days', '2']
    await succeed('openssl', [...request, '-keyout', key, '-out', certificate])
    const server = createServer()
    const port = await freePort()
    const tokens = new TokenServer(
      server,
      port,
      folder,
      createPrivateKey(await readFile(key)),
      new X509Certificate(await readFile(certificate)),
    )
    server.on('request', (request, response) => tokens.answer(request, response))
    await listen(server, port)
    return tokens
  }

  /** The `auth` part of Distribution's configuration. */
  get configuration(): object {
    return {
      token: {
        realm: `http://127.0.0.1:${this.port}/token`,
        service,
        issuer,
        rootcertbundle: join(this.folder, 'token.crt'),
      },
    }
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections()
    await new Promise((resolve) => this.server.close(resolve))
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', `http://127.0.0.1:${this.port}`)
    if (request.method !== 'GET') {
      response.writeHead(405).end()
      return
    }
    const scopes = url.searchParams.getAll('scope').flatMap((scope) => scope.split(' '))
    const expected = `Basic ${Buffer.from(`${upstreamUser.user}:${upstreamUser.password}`).toString('base64')}`
    const withPassword = request.headers.authorization === expected
    this.asked.push({ scopes, withPassword })
    if (!withPassword) {
      const body = { errors: [{ code: 'UNAUTHORIZED', message: 'who are you?', detail: null }] }
      response.writeHead(401, { 'content-type': 'application/json' }).end(JSON.stringify(body))
      return
    }
    const token = this.sign(scopes.flatMap(parseScope))
    const body = JSON.stringify({
      token,
      access_token: token,
      expires_in: 300,
      issued_at: new Date().toISOString(),
    })
    response.writeHead(200, { 'content-type': 'application/json' }).end(body)
  }

  private sign(access: readonly Access[]): string {
    const now = Math.floor(Date.now() / 1000)
    const header = { typ: 'JWT', alg: 'RS256', x5c: [this.certificate.raw.toString('base64')] }
    const times = { iat: now, nbf: now - 10, exp: now + 300 }
    const claims = {
      iss: issuer,
      sub: upstreamUser.user,
      aud: service,
      jti: randomUUID(),
      ...times,
      access,
    }
    const signed = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    const signature = createSign('RSA-SHA256').update(signed.join('.')).sign(this.key, 'base64url')
    return [...signed, signature].join('.')
  }
}

function parseScope(scope: string): Access[] {
  const first = scope.indexOf(':')
  const last = scope.lastIndexOf(':')
  if (first === last) return []
  return [
    {
      type: scope.slice(0, first),
      name: scope.slice(first + 1, last),
      actions: scope.slice(last + 1).split(','),
    },
  ]
}
