import { createConnection, type Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import type { DirectoryServer } from './directory-server.js'
import { LdapFailure } from './ldap-failure.js'

/** @throws LdapFailure `connect` within the time limit; the socket is closed then */
export async function openTcp(server: DirectoryServer): Promise<Socket> {
  const socket = createConnection({ host: server.host, port: server.port })
  // Whoever takes the socket over takes its listeners off now and then, and an error nobody hears ends the process.
  socket.on('error', () => undefined)
  try {
    await happened(socket, 'connect', server.connectTimeoutMilliseconds)
    return socket
  } catch (error) {
    socket.destroy()
    throw new LdapFailure('connect', `${server.host}:${server.port} ${reasonOf(error)}`)
  }
}

/** @throws LdapFailure `tls`, as for a certificate that is not trusted or of another name; the socket is closed then */
export async function openTls(server: DirectoryServer, socket: Socket): Promise<TLSSocket> {
  const secured = connectTls({ ...server.tls, socket })
  secured.on('error', () => undefined)
  try {
    await happened(secured, 'secureConnect', server.connectTimeoutMilliseconds)
    return secured
  } catch (error) {
    secured.destroy()
    socket.destroy()
    throw tlsFailure(server, error)
  }
}

export function tlsFailure(server: DirectoryServer, error: unknown): LdapFailure {
  const code = error instanceof Error ? (error as { code?: unknown }).code : undefined
  const advice = (typeof code === 'string' ? tlsAdvice[code] : undefined) ?? ''
  return new LdapFailure('tls', `no TLS with ${server.host}:${server.port}: ${reasonOf(error)}${advice}`)
}

const ownCa = '; put the certificate of the authority that signed it into caCertificates'
const tlsAdvice: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: ownCa,
  SELF_SIGNED_CERT_IN_CHAIN: ownCa,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: ownCa,
  UNABLE_TO_GET_ISSUER_CERT: ownCa,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: ownCa,
  ERR_TLS_CERT_ALTNAME_INVALID: '; use a host name in the URL that the certificate is for',
  CERT_HAS_EXPIRED: '; renew the certificate of the directory',
}

/** @returns what went wrong, in the words of the operating system or of the server, without its stack */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { code } = error as { readonly code?: unknown }
  const known = typeof code === 'string' ? reasons[code] : undefined
  return known ?? error.message.split('\n').join(' ')
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refuses connections',
  ECONNRESET: 'broke the connection',
  ENOTFOUND: 'has no address: check the host name',
  EAI_AGAIN: 'has no address at the moment: check the name server',
  ETIMEDOUT: 'does not answer',
  EHOSTUNREACH: 'cannot be reached',
  ENETUNREACH: 'cannot be reached',
}

function happened(
  socket: Socket,
  event: 'connect' | 'secureConnect',
  limitMilliseconds: number,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => settle(new Error(`did not answer within ${limitMilliseconds} ms`)),
      limitMilliseconds,
    )
    const settle = (error?: Error): void => {
      clearTimeout(timer)
      socket.off(event, onEvent).off('error', settle).off('close', onClose)
      if (error === undefined) resolve()
      else reject(error)
    }
    const onEvent = (): void => settle()
    const onClose = (): void => settle(new Error('closed the connection'))
    socket.once(event, onEvent).once('error', settle).once('close', onClose)
  })
}
