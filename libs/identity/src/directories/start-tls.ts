import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { DirectoryServer } from './directory-server.js'
import { openTls, reasonOf } from './ldap-connection.js'
import { LdapFailure } from './ldap-failure.js'
import { LdapMessageGuard, resultOf } from './ldap-message-guard.js'

/** RFC 4511 section 4.14.1: an extended request, message 1, of the name 1.3.6.1.4.1.1466.20037. */
const request = Buffer.concat([
  Buffer.from([0x30, 0x1d, 0x02, 0x01, 0x01, 0x77, 0x18, 0x80, 0x16]),
  Buffer.from('1.3.6.1.4.1.1466.20037'),
])

const extendedResponse = 0x78
const success = 0

/**
 * Nothing is said on this connection before, and nothing after a refusal. Exactly one answer may come in clear: what came
 * with it would be taken for the beginning of what comes over TLS, and so could forge the answer to a bind.
 * @throws LdapFailure `tls` within the time limits; the socket is closed then
 */
export async function startTls(server: DirectoryServer, socket: Socket): Promise<TLSSocket> {
  const where = `${server.host}:${server.port}`
  try {
    const answer = await answerOn(socket, server.readTimeoutMilliseconds)
    const { id, operation, code } = resultOf(answer)
    if (id !== 1 || operation !== extendedResponse || code !== success)
      throw new Error(`refuses (result ${code})`)
  } catch (error) {
    socket.destroy()
    throw new LdapFailure(
      'tls',
      `${where} does not start TLS: it ${reasonOf(error)}; nothing else was sent to it`,
    )
  }
  return openTls(server, socket)
}

function answerOn(socket: Socket, limitMilliseconds: number): Promise<Buffer> {
  const guard = new LdapMessageGuard()
  return new Promise<Buffer>((resolve, reject) => {
    const settle = (error: Error | undefined, answer?: Buffer): void => {
      clearTimeout(timer)
      socket.off('data', onData).off('error', settle).off('close', onClose).pause()
      if (answer === undefined) reject(error ?? new Error('closed the connection'))
      else resolve(answer)
    }
    const timer = setTimeout(
      () => settle(new Error(`did not answer within ${limitMilliseconds} ms`)),
      limitMilliseconds,
    )
    const onClose = (): void => settle(new Error('closed the connection'))
    const onData = (chunk: Buffer): void => {
      try {
        const [answer, ...more] = guard.take(chunk)
        if (answer === undefined) return
        if (more.length > 0 || guard.waiting > 0)
          throw new Error('sent more in clear than its consent: somebody may be in between')
        settle(undefined, answer)
      } catch (error) {
        settle(error as Error)
      }
    }
    socket.on('data', onData).once('error', settle).once('close', onClose)
    socket.write(request)
  })
}
