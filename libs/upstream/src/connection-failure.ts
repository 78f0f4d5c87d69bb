import { AddressRefusedError } from './address-refused-error.js'
import { ProxyFailure } from './proxy-failure.js'
import { badAnswer, UpstreamError } from './upstream-error.js'
import { proxyName } from './upstream-proxy.js'

/** A time limit of ours that ran out before the headers of an answer were there. */
export class HeadersOverdueError extends Error {
  override readonly name = 'HeadersOverdueError'
}

const timeouts = new Set(['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'ETIMEDOUT'])
const resets = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'])
const notHttp = new Set(['HTTPParserError', 'UND_ERR_HEADERS_OVERFLOW'])
const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refuses connections',
  ENOTFOUND: 'has a name that does not resolve',
  EAI_AGAIN: 'has a name that could not be resolved just now',
  EADDRNOTAVAIL: 'cannot be reached from the localAddress of the repository, which this server does not have',
  EHOSTUNREACH: 'has an address without a route to it',
  ENETUNREACH: 'has an address without a route to it',
  UND_ERR_DESTROYED: 'is no longer used: its repository was changed or the server is stopping',
  UND_ERR_CLOSED: 'is no longer used: its repository was changed or the server is stopping',
}

/** Whether the connection went away before anything of the answer came: a kept one that the other side had closed. */
export function isReset(error: unknown): boolean {
  return codesOf(error).some((code) => resets.has(code))
}

/** @param who the host in words: `upstream registry-1.docker.io` */
export function connectionFailure(who: string, error: unknown): UpstreamError {
  const codes = codesOf(error)
  const code = codes[0] ?? 'unknown error'
  if (error instanceof ProxyFailure) return proxyFailure(who, error)
  if (error instanceof UpstreamError) return error
  if (error instanceof AddressRefusedError) {
    return badAnswer(
      `${who} is at an address inside this server's network, where only the url of the repository itself may lead`,
      error,
    )
  }
  if (error instanceof HeadersOverdueError || codes.some((each) => timeouts.has(each))) {
    return new UpstreamError('UPSTREAM_TIMEOUT', `${who} did not answer in time; try again later`, 'down', {
      cause: error,
    })
  }
  if (codes.some((each) => notHttp.has(each) || each.startsWith('HPE_'))) {
    return badAnswer(`${who} sent an answer that is not HTTP/1.1 (${code}); check the url`, error)
  }
  const known = codes.map((each) => reasons[each]).find((reason) => reason !== undefined)
  const reason = known ?? (isReset(error) ? 'closed the connection before answering' : tlsReason(code))
  const effect = code === 'UND_ERR_DESTROYED' || code === 'UND_ERR_CLOSED' ? 'alive' : 'down'
  return new UpstreamError(
    'UPSTREAM_UNAVAILABLE',
    `${who} ${reason ?? `cannot be reached (${code})`}`,
    effect,
    {
      cause: error,
    },
  )
}

/** A failing proxy says nothing of the upstream, but as long as it fails nothing gets there. */
function proxyFailure(who: string, { proxy, status, cause }: ProxyFailure): UpstreamError {
  const name = proxyName(proxy)
  const because =
    status === undefined
      ? `${name} ${unreachable(cause)}`
      : `${name} ${refusals[status] ?? `answered ${status}`}`
  return new UpstreamError('UPSTREAM_FAILED', `${who} can not be reached: ${because}`, 'down', { cause })
}

const refusals: Readonly<Record<number, string>> = {
  401: 'wants other credentials (401): check its username and password',
  403: 'does not let this server go there (403): its own rules decide',
  407: 'wants other credentials (407): check its username and password',
  502: 'could not connect to it (502)',
  503: 'could not connect to it (503)',
  504: 'could not connect to it in time (504)',
}

function unreachable(error: unknown): string {
  const codes = codesOf(error)
  if (codes.some((each) => timeouts.has(each))) return 'did not answer in time'
  if (codes.some((each) => notHttp.has(each) || each.startsWith('HPE_')))
    return 'sent an answer that is not HTTP'
  const known = codes.map((each) => reasons[each]).find((reason) => reason !== undefined)
  if (known !== undefined) return known
  return isReset(error) ? 'closed the connection' : `can not be reached (${codes[0] ?? 'unknown error'})`
}

/** The failure of a body that had begun. */
export function bodyFailure(who: string, error: unknown, bytes: number): UpstreamError {
  if (codesOf(error).includes('UND_ERR_BODY_TIMEOUT')) {
    return new UpstreamError('UPSTREAM_TIMEOUT', `${who} fell silent after ${bytes} bytes`, 'alive', {
      cause: error,
    })
  }
  return new UpstreamError('UPSTREAM_UNAVAILABLE', `${who} broke off after ${bytes} bytes`, 'alive', {
    cause: error,
  })
}

function tlsReason(code: string): string | undefined {
  if (!/CERT|TLS|SSL|SIGNATURE|ISSUER|EPROTO|CRL/.test(code)) return undefined
  return `could not be trusted or understood over TLS (${code}): check the url, or add the authority's certificate`
}

/** The codes (names, where there is no code) of an error, of its causes, and of the attempts that an AggregateError is made of. */
function codesOf(error: unknown, depth = 0): readonly string[] {
  if (!(error instanceof Error) || depth > 4) return []
  const own = 'code' in error && typeof error.code === 'string' ? [error.code] : [error.name]
  const attempts: readonly unknown[] = error instanceof AggregateError ? error.errors : []
  return [...own, ...[...attempts, error.cause].flatMap((each) => codesOf(each, depth + 1))]
}
