import type { Socket } from 'node:net'
import { Client, type Entry, type Filter, ResultCodeError } from 'ldapts'
import type { DirectoryServer } from './directory-server.js'
import { binaryAttributes } from './entry-id.js'
import { GuardedStream } from './guarded-stream.js'
import { openTcp, openTls, reasonOf } from './ldap-connection.js'
import { LdapFailure, type LdapStep, resultCodes } from './ldap-failure.js'
import { startTls } from './start-tls.js'

export interface LdapBind {
  readonly dn: string
  readonly password: string
}

export interface LdapSearch {
  readonly base: string
  readonly scope: 'base' | 'one' | 'sub'
  readonly filter: string | Filter
  readonly attributes: readonly string[]
  readonly sizeLimit?: number
  readonly pageSize?: number | undefined
}

export interface LdapFindings {
  readonly entries: readonly Entry[]
  /** URLs of servers that hold more. */
  readonly references: readonly string[]
}

/** One connection to one server, secured as configured before anything is said on it. Close it. */
export class LdapSession {
  private constructor(
    readonly server: DirectoryServer,
    private readonly client: Client,
    private readonly stream: GuardedStream,
  ) {}

  /** @throws LdapFailure `connect` or `tls`; nothing stays open then */
  static async open(server: DirectoryServer): Promise<LdapSession> {
    const stream = new GuardedStream(await openSecured(server))
    return new LdapSession(server, clientOn(stream, server), stream)
  }

  /**
   * @param step for the message
   * @throws LdapFailure, with the server's result code where it refuses
   */
  async bind(bind: LdapBind, step: LdapStep): Promise<void> {
    // RFC 4513 section 5.1.2: a bind without a password "succeeds" as nobody.
    if (bind.password === '' || bind.dn === '')
      throw new LdapFailure(step, 'a bind needs a DN and a password')
    await this.attempt(step, () => this.client.bind(bind.dn, bind.password))
  }

  /** @throws LdapFailure; a base that is not there is one too, with its result code */
  search(search: LdapSearch, step: LdapStep = 'search'): Promise<LdapFindings> {
    return this.attempt(step, async () => {
      const { searchEntries, searchReferences } = await this.client.search(search.base, {
        scope: search.scope,
        filter: search.filter,
        attributes: [...search.attributes],
        explicitBufferAttributes: [...binaryAttributes],
        timeLimit: Math.ceil(this.server.readTimeoutMilliseconds / 1000),
        ...(search.sizeLimit === undefined ? {} : { sizeLimit: search.sizeLimit }),
        ...(search.pageSize === undefined ? {} : { paged: { pageSize: search.pageSize } }),
      })
      return { entries: searchEntries, references: searchReferences }
    })
  }

  /** @returns undefined when there is no such entry */
  async read(
    dn: string,
    attributes: readonly string[],
    step: LdapStep = 'search',
    filter = '(objectClass=*)',
  ): Promise<Entry | undefined> {
    try {
      const { entries } = await this.search({ base: dn, scope: 'base', filter, attributes }, step)
      return entries[0]
    } catch (error) {
      if (error instanceof LdapFailure && error.resultCode === resultCodes.noSuchObject) return undefined
      throw error
    }
  }

  async close(): Promise<void> {
    // What is said in parting need not arrive.
    await this.client.unbind().catch(() => undefined)
    this.stream.destroy()
  }

  private async attempt<T>(step: LdapStep, action: () => Promise<T>): Promise<T> {
    try {
      return await action()
    } catch (error) {
      if (error instanceof LdapFailure) throw error
      const where = `${this.server.host}:${this.server.port}`
      throw error instanceof ResultCodeError
        ? new LdapFailure(step, `${where} answers ${answerOf(error)}`, error.code)
        : new LdapFailure(step, `${where} ${reasonOf(this.stream.failure ?? error)}`)
    }
  }
}

/** The number and name of the result, for servers often say nothing else, then what the server says. */
function answerOf(error: ResultCodeError): string {
  const said = reasonOf(error)
    .replace(/ ?Code: 0x[\da-f]+$/i, '')
    .trim()
  const result = `result ${error.code} (${error.name.replace(/Error$/, '')})`
  return said === '' ? result : `${result}: ${said}`
}

/** @throws LdapFailure */
async function openSecured(server: DirectoryServer): Promise<Socket> {
  const socket = await openTcp(server)
  if (server.security === 'none') return socket
  return server.security === 'tls' ? openTls(server, socket) : startTls(server, socket)
}

/** The first connection is the only one: a client that connected again would be bound as nobody, and without TLS. */
function clientOn(stream: GuardedStream, server: DirectoryServer): Client {
  let isTaken = false
  return new Client({
    url: 'ldap://connected',
    timeout: server.readTimeoutMilliseconds,
    connectTimeout: server.connectTimeoutMilliseconds,
    createConnection: () => {
      if (isTaken) throw new Error('closed the connection')
      isTaken = true
      return stream as unknown as Socket
    },
  })
}
