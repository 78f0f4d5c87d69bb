import { request as httpRequest, type Server } from 'node:http'
import {
  administrationScope,
  type Group,
  type NewUserAccount,
  principalOf,
  type RefreshTokens,
  type TokenScope,
  type UserAccountStore,
} from '@entrepot/identity'
import { plainGroup } from '@entrepot/identity/testing'
import { anonymous, type AuditEntry, type LogFields, type Logger, type UserPrincipal } from '@entrepot/kernel'
import { userId, userPrincipal } from '@entrepot/kernel/testing'
import type { RepositoryDirectory } from '@entrepot/repositories'
import { proxyConfig } from '@entrepot/repositories/testing'
import type { Type } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import type { NestExpressApplication } from '@nestjs/platform-express'
import type { AdminApiPorts } from '../admin-api-ports.js'
import { AdminApiModule } from '../admin-api.module.js'
import { type AdminApiParts, adminPassword, startParts, userPassword } from './admin-api-parts.js'

export { adminPassword, userPassword } from './admin-api-parts.js'

const base = '/artifactory/api/repositories'

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly json: unknown
}

export interface Ask {
  readonly authorization?: string | undefined
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as it is. */
  readonly raw?: string | Uint8Array<ArrayBuffer>
}

export const basic = (user: string, password: string) =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`

interface Layer {
  readonly route?: { readonly path: string; readonly methods: Readonly<Record<string, boolean>> }
}

const asAdmin = basic('admin', adminPassword)

/** The admin API on a free port, with real passwords and tokens and with stores in memory. */
export class AdminApiApp {
  static async start(
    options: { publicUrl?: string; controllers?: readonly Type[] } = {},
  ): Promise<AdminApiApp> {
    const logged: LogFields[] = []
    const logger = recordingLogger(logged)
    const parts = await startParts(logger)
    const ports: AdminApiPorts = {
      ...parts.ports,
      logger,
      clientAddressOf: () => '192.0.2.7',
      publicUrl: options.publicUrl,
    }
    const app = await NestFactory.create<NestExpressApplication>(
      {
        module: AdminApiModule,
        controllers: [...(options.controllers ?? [])],
        imports: [AdminApiModule.register({ useFactory: () => ports })],
      },
      { bodyParser: false, logger: false },
    )
    await app.listen(0, '127.0.0.1')
    return new AdminApiApp(app, await app.getUrl(), parts, logged)
  }

  private constructor(
    private readonly app: NestExpressApplication,
    readonly url: string,
    private readonly parts: AdminApiParts,
    readonly logged: LogFields[],
  ) {}

  get ports(): AdminApiParts['ports'] {
    return this.parts.ports
  }

  /** To put content into the repositories with. */
  get workbench(): AdminApiParts['workbench'] {
    return this.parts.workbench
  }

  /** What documents may name. */
  get secrets(): AdminApiParts['secrets'] {
    return this.parts.secrets
  }

  get configuration(): AdminApiParts['transactions'] {
    return this.parts.transactions
  }

  get repositories(): RepositoryDirectory {
    return this.parts.ports.repositories
  }

  /** For those who look at its connections. */
  get server(): Server {
    return this.app.getHttpServer()
  }

  get users(): UserAccountStore {
    return this.parts.ports.accounts.users
  }

  get refreshTokens(): RefreshTokens {
    return this.parts.refreshTokens
  }

  /** Who the user is at present. */
  async principal(name: string): Promise<UserPrincipal> {
    const account = await this.users.find(name)
    if (account === undefined) throw new Error(`there is no user ${name}`)
    return principalOf(account)
  }

  /** What the audit trail was told. */
  get audited(): readonly AuditEntry[] {
    return this.parts.audit.entries
  }

  /** What its parts say from now on. */
  ready(ready: boolean): void {
    this.parts.health.ready = ready
  }

  async close(): Promise<void> {
    await this.parts.stop()
    await this.app.close()
  }

  /** Asks as the administrator unless `ask` says otherwise; follows no redirection. */
  async send(method: string, path: string, body?: unknown, ask: Ask = {}): Promise<Answer> {
    const authorization = 'authorization' in ask ? ask.authorization : asAdmin
    const content = ask.raw ?? (body === undefined ? undefined : JSON.stringify(body))
    const response = await fetch(this.url + path, {
      method,
      redirect: 'manual',
      headers: {
        ...(authorization === undefined ? {} : { authorization }),
        ...(content === undefined ? {} : { 'content-type': 'application/json' }),
        ...ask.headers,
      },
      ...(content === undefined ? {} : { body: content }),
    })
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.startsWith('application/json') === true
    return {
      status: response.status,
      headers: response.headers,
      text,
      json: isJson && text !== '' ? (JSON.parse(text) as unknown) : undefined,
    }
  }

  put(key: string, body: object): Promise<Answer> {
    return this.send('PUT', `${base}/${key}`, body)
  }

  post(key: string, body: object): Promise<Answer> {
    return this.send('POST', `${base}/${key}`, body)
  }

  get(key: string): Promise<Answer> {
    return this.send('GET', `${base}/${key}`)
  }

  /** `GET /path/:parameter` of everything that is mounted; `ALL` where it answers any method. */
  routes(): readonly string[] {
    const express = this.app.getHttpAdapter().getInstance() as unknown
    const { router } = express as { router: { stack: readonly Layer[] } }
    return router.stack.flatMap(({ route }) => {
      if (route === undefined) return []
      const methods = Object.keys(route.methods).filter((method) => method !== '_all')
      const shown = methods.length === 1 ? methods : ['all']
      return shown.map((method) => `${method.toUpperCase()} ${route.path}`)
    })
  }

  /** For paths that `fetch` would tidy up. @returns the status */
  sendPath(method: string, path: string): Promise<number> {
    const { hostname, port } = new URL(this.url)
    const headers = { authorization: asAdmin }
    return new Promise((resolve, reject) => {
      const request = httpRequest({ hostname, port, method, path, headers }, (response) => {
        response.resume()
        response.on('end', () => resolve(response.statusCode ?? 0))
      })
      request.on('error', reject)
      request.end()
    })
  }

  /** A user with `userPassword`. @returns the header that proves it */
  async addUser(name: string, particulars: Partial<NewUserAccount> = {}): Promise<string> {
    await this.users.create({ name, passwordHash: this.parts.userHash, ...particulars })
    return basic(name, userPassword)
  }

  async addGroup(name: string, particulars: Partial<Group> = {}): Promise<void> {
    await this.ports.accounts.groups.create(plainGroup(name, particulars))
  }

  async addProxy(key: string): Promise<void> {
    await this.ports.proxies.change(() => new Map([[key, proxyConfig(key)]]))
  }

  async bearer(name: string, ...scopes: readonly TokenScope[]): Promise<string> {
    const account = await this.users.find(name)
    const principal =
      name === 'anonymous' ? anonymous : userPrincipal(name, { id: account?.id ?? userId(name) })
    const { token } = await this.parts.tokens.issue(principal, scopes)
    return `Bearer ${token}`
  }

  administrationToken(name: string): Promise<string> {
    return this.bearer(name, administrationScope)
  }
}

/** The messages of an answer in Artifactory's error shape, whose every status is the answer's. */
export function errorsOf(answer: Answer): string[] {
  const { errors } = answer.json as { errors: { status: number; message: string }[] }
  if (errors.some(({ status }) => status !== answer.status)) throw new Error(`not the status: ${answer.text}`)
  return errors.map(({ message }) => message)
}

function recordingLogger(logged: LogFields[]): Logger {
  const record = (fields: LogFields, message: string) => void logged.push({ ...fields, message })
  const logger: Logger = { debug: record, info: record, warn: record, error: record, child: () => logger }
  return logger
}
