import { request as httpRequest } from 'node:http'
import {
  administrationScope,
  HeaderAuthenticator,
  JwtTokenService,
  PasswordHasher,
  type TokenScope,
} from '@entrepot/identity'
import { MemoryBroadcast } from '@entrepot/coordination/testing'
import {
  InMemoryUserAccountStore,
  internalLogins,
  signingKeysInMemory,
  tokensInMemory,
} from '@entrepot/identity/testing'
import { anonymous, type LogFields, type Logger, systemClock } from '@entrepot/kernel'
import { userPrincipal } from '@entrepot/kernel/testing'
import { RepositoryDirectory } from '@entrepot/repositories'
import { InMemoryRepositoryStore } from '@entrepot/repositories/testing'
import type { Type } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import type { NestExpressApplication } from '@nestjs/platform-express'
import { AdminApiModule } from '../admin-api.module.js'

const base = '/artifactory/api/repositories'
export const adminPassword = 'quay-side:Kräne 42'
export const userPassword = 'no rights: at all'

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

/** The admin API on a free port, with real passwords and tokens and with stores in memory. */
export class AdminApiApp {
  static async start(
    options: { publicUrl?: string; controllers?: readonly Type[] } = {},
  ): Promise<AdminApiApp> {
    const logged: LogFields[] = []
    const hasher = new PasswordHasher()
    const users = new InMemoryUserAccountStore()
    const hashed = { passwordHash: await hasher.hash(adminPassword), admin: true }
    await users.create({ name: 'admin', ...hashed })
    await users.create({ name: 'user', passwordHash: await hasher.hash(userPassword) })
    await users.create({ name: 'gone', ...hashed, disabled: true })
    const { live, bearers } = tokensInMemory(users, systemClock)
    const tokens = new JwtTokenService(
      signingKeysInMemory(systemClock),
      bearers,
      { issuer: 'entrepot', service: 'entrepot' },
      systemClock,
    )
    const passwords = internalLogins(users, hasher, systemClock)
    const logger = recordingLogger(logged)
    const repositories = new RepositoryDirectory(new InMemoryRepositoryStore(), new MemoryBroadcast(), logger)
    await repositories.start()
    const ports = {
      repositories,
      authenticator: new HeaderAuthenticator(passwords, tokens, live),
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
    return new AdminApiApp(app, await app.getUrl(), repositories, tokens, users, logged)
  }

  private constructor(
    private readonly app: NestExpressApplication,
    readonly url: string,
    readonly repositories: RepositoryDirectory,
    private readonly tokens: JwtTokenService,
    readonly users: InMemoryUserAccountStore,
    readonly logged: LogFields[],
  ) {}

  async close(): Promise<void> {
    this.repositories.stop()
    await this.app.close()
  }

  /** Asks as the administrator unless `ask` says otherwise. */
  async send(method: string, path: string, body?: unknown, ask: Ask = {}): Promise<Answer> {
    const authorization = 'authorization' in ask ? ask.authorization : basic('admin', adminPassword)
    const content = ask.raw ?? (body === undefined ? undefined : JSON.stringify(body))
    const response = await fetch(this.url + path, {
      method,
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

  /** For paths that `fetch` would tidy up. @returns the status */
  sendPath(method: string, path: string): Promise<number> {
    const { hostname, port } = new URL(this.url)
    const headers = { authorization: basic('admin', adminPassword) }
    return new Promise((resolve, reject) => {
      const request = httpRequest({ hostname, port, method, path, headers }, (response) => {
        response.resume()
        response.on('end', () => resolve(response.statusCode ?? 0))
      })
      request.on('error', reject)
      request.end()
    })
  }

  async bearer(name: 'admin' | 'user' | 'anonymous', ...scopes: readonly TokenScope[]): Promise<string> {
    const principal = name === 'anonymous' ? anonymous : userPrincipal(name, { admin: true })
    const { token } = await this.tokens.issue(principal, scopes)
    return `Bearer ${token}`
  }

  administrationToken(name: 'admin' | 'user' | 'anonymous'): Promise<string> {
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
