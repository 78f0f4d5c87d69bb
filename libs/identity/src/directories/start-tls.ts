import type { Socket } from 'node:net'
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls'
import type { Client } from 'ldapts'
import { reasonOf, tlsFailure } from './ldap-connection.js'
import type { DirectoryServer } from './directory-server.js'
import { LdapFailure } from './ldap-failure.js'

/** What a client needs from its maker so that `startTls` can watch the change. */
export class StartTlsWatch {
  #secured: TLSSocket | undefined
  readonly #plain: Buffer[] = []

  constructor(socket: Socket) {
    socket.on('data', (chunk: Buffer) => void this.#plain.push(chunk))
  }

  /** For ldapts' `createSecureConnection`. */
  readonly secure = (options: ConnectionOptions): TLSSocket => {
    this.#secured = connect(options)
    this.#secured.on('error', () => undefined)
    return this.#secured
  }

  /**
   * RFC 4511 section 4.14. Nothing has been said on this connection before, and nothing is said on it after a refusal.
   * @throws LdapFailure `tls`; the connection is to be closed then
   */
  async startTls(client: Client, server: DirectoryServer): Promise<void> {
    const limit = server.connectTimeoutMilliseconds + server.readTimeoutMilliseconds
    let timer: NodeJS.Timeout | undefined
    const tooLate = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`not done within ${limit} ms`)), limit)
    })
    try {
      await Promise.race([client.startTLS({ ...server.tls }), tooLate])
    } catch (error) {
      this.#secured?.on('error', () => undefined).destroy()
      if (this.#secured !== undefined) throw tlsFailure(server, error)
      throw new LdapFailure(
        'tls',
        `${server.host}:${server.port} does not start TLS: ${reasonOf(error)}; nothing else was sent to it`,
      )
    } finally {
      clearTimeout(timer)
    }
    this.refuseAnythingElseInClear(server)
  }

  /**
   * Bytes that came in clear after the one answer would be read as the beginning of what comes over TLS, and so could
   * forge the answer to a bind.
   */
  private refuseAnythingElseInClear(server: DirectoryServer): void {
    const plain = Buffer.concat(this.#plain)
    if (this.#secured !== undefined && plain.length === messageLength(plain)) return
    throw new LdapFailure(
      'tls',
      `${server.host}:${server.port} sent more in clear than its consent to TLS: somebody may be in between`,
    )
  }
}

/** Of the first LDAP message (RFC 4511 section 5.1), with its tag and length. */
function messageLength(bytes: Buffer): number | undefined {
  const first = bytes[1]
  if (bytes[0] !== 0x30 || first === undefined) return undefined
  if (first < 0x80) return 2 + first
  const size = first - 0x80
  if (size === 0 || size > 4 || bytes.length < 2 + size) return undefined
  return 2 + size + bytes.readUIntBE(2, size)
}
