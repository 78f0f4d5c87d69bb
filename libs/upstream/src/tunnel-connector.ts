import { request as httpRequest } from 'node:http'
import type { Socket } from 'node:net'
import { getCACertificates } from 'node:tls'
import { buildConnector } from 'undici'
import { basicAuthorization } from './credentials.js'
import { type ConnectorOptions, guardedConnector } from './guarded-connector.js'
import type { Network } from './network.js'
import { ProxyFailure } from './proxy-failure.js'
import { hostText, type UpstreamProxy } from './upstream-proxy.js'

/** An answer to CONNECT that is longer comes from no proxy. */
const maximumHeaderBytes = 16 * 1024

/** Connects to a proxy wherever it is: somebody typed its address. A failure is the proxy's. */
export function proxyConnector(
  proxy: UpstreamProxy,
  options: Omit<ConnectorOptions, 'typed'>,
  network: Network,
): buildConnector.connector {
  const typed = new URL(`http://${hostText(proxy.host)}:${proxy.port}`)
  const connect = guardedConnector({ ...options, typed }, network)
  return (target, callback) => {
    connect(target, (error, socket) => {
      if (error === null) callback(null, socket)
      else callback(new ProxyFailure(proxy, undefined, error), null)
    })
  }
}

/**
 * Connects to a host through a proxy's tunnel (RFC 9110 9.3.6) and speaks TLS with that host inside of it: the proxy sees
 * where to, and nothing else. Its credentials are in the request for the tunnel only.
 */
export function tunnelConnector(
  proxy: UpstreamProxy,
  options: Omit<ConnectorOptions, 'typed'>,
  network: Network,
): buildConnector.connector {
  const toProxy = proxyConnector(proxy, options, network)
  const { connectMilliseconds, trustedCertificates } = options
  const overTls = buildConnector({
    timeout: connectMilliseconds,
    allowH2: false,
    ...(trustedCertificates === undefined
      ? {}
      : { ca: [...getCACertificates('default'), trustedCertificates] }),
  })
  const port = String(proxy.port)
  const address = { hostname: proxy.host, host: `${hostText(proxy.host)}:${port}`, port, protocol: 'http:' }
  return (target, callback) => {
    const { localAddress } = target
    toProxy(localAddress == null ? address : { ...address, localAddress }, (error, socket) => {
      if (error !== null) {
        callback(error, null)
        return
      }
      const authority = `${target.hostname}:${target.port === '' ? '443' : target.port}`
      openTunnel(proxy, socket, { authority, milliseconds: connectMilliseconds }, (failure, tunnel) => {
        if (tunnel === undefined) callback(failure, null)
        else overTls({ ...target, httpSocket: tunnel }, callback)
      })
    })
  }
}

/** @param opened is called once, with a failure or with the tunnel */
function openTunnel(
  proxy: UpstreamProxy,
  socket: Socket,
  { authority, milliseconds }: { readonly authority: string; readonly milliseconds: number },
  opened: (...outcome: [failure: ProxyFailure, tunnel: undefined] | [failure: null, tunnel: Socket]) => void,
): void {
  const { username, password } = proxy
  const request = httpRequest({
    method: 'CONNECT',
    path: authority,
    headers: {
      host: authority,
      ...(username === '' ? {} : { 'proxy-authorization': basicAuthorization({ username, password }) }),
    },
    createConnection: () => socket,
    maxHeaderSize: maximumHeaderBytes,
  })
  const fail = (status: number | undefined, cause?: unknown) => {
    clearTimeout(timer)
    socket.destroy()
    opened(new ProxyFailure(proxy, status, cause), undefined)
  }
  const timer = setTimeout(() => {
    request.destroy(Object.assign(new Error('no answer to CONNECT in time'), { code: 'ETIMEDOUT' }))
  }, milliseconds)
  request.once('error', (error) => fail(undefined, error))
  request.once('connect', ({ statusCode = 0 }, tunnel: Socket, head: Buffer) => {
    request.removeAllListeners('error')
    if (statusCode < 200 || statusCode > 299) {
      fail(statusCode)
      return
    }
    clearTimeout(timer)
    if (head.length > 0) tunnel.unshift(head)
    opened(null, tunnel)
  })
  request.end()
}
