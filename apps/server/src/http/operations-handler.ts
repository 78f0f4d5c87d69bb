import type { IncomingMessage, ServerResponse } from 'node:http'
import { type ErrorCode, isRegistryError } from '@entrepot/kernel'
import type { Readiness } from '../lifecycle/readiness.js'
import type { Metrics } from '../metrics/metrics.js'
import type { MetricsAccess } from './metrics-access.js'
import type { PlainHandler } from './http-front.js'
import { pathOf } from './path-of.js'

interface Answer {
  readonly status: number
  readonly contentType: string
  readonly body: string
  readonly headers?: Readonly<Record<string, string>>
}

/** What may keep somebody from reading the metrics. */
const statuses: Readonly<Partial<Record<ErrorCode, number>>> = {
  UNAUTHORIZED: 401,
  DENIED: 403,
  TOO_MANY_REQUESTS: 429,
  UNAVAILABLE: 503,
}

/**
 * For probes, hence without a login: `/healthz` (this process works), `/readyz` (requests may be sent here; else 503 with the
 * part that is not ready). For Prometheus: `/metrics`.
 * @param access undefined: everybody may read the metrics
 */
export function operationsHandler(
  readiness: Readiness,
  metrics: Metrics,
  access: Pick<MetricsAccess, 'check'> | undefined,
): PlainHandler {
  const answers: Readonly<Record<string, (request: IncomingMessage) => Promise<Answer>>> = {
    '/healthz': async () => json(200, { status: 'ok' }),
    '/readyz': async () => {
      const { ready, parts } = await readiness.report()
      return json(ready ? 200 : 503, { status: ready ? 'ready' : 'not ready', parts })
    },
    '/metrics': async (request) => {
      const refusal = await refusalOf(access, request)
      return refusal ?? { status: 200, contentType: metrics.contentType, body: await metrics.text() }
    },
  }
  return async (request, response) => {
    const answer = answers[pathOf(request)]
    if (answer === undefined) return send(request, response, json(404, { status: 'not found' }))
    if (request.method === 'GET' || request.method === 'HEAD')
      return send(request, response, await answer(request))
    response.setHeader('allow', 'GET, HEAD')
    return send(request, response, json(405, { status: 'method not allowed' }))
  }
}

async function refusalOf(
  access: Pick<MetricsAccess, 'check'> | undefined,
  request: IncomingMessage,
): Promise<Answer | undefined> {
  try {
    await access?.check(request)
    return undefined
  } catch (error) {
    const status = isRegistryError(error) ? statuses[error.code] : undefined
    if (!isRegistryError(error) || status === undefined) throw error
    const { message, retryAfterSeconds } = error
    return {
      ...json(status, { status: message }),
      headers: {
        ...(status === 401 ? { 'www-authenticate': 'Basic realm="Entrepot", charset="UTF-8"' } : {}),
        ...(retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }),
      },
    }
  }
}

function json(status: number, value: unknown): Answer {
  return { status, contentType: 'application/json', body: `${JSON.stringify(value)}\n` }
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  { status, contentType, body, headers }: Answer,
): void {
  response.writeHead(status, {
    'content-type': contentType,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...headers,
  })
  response.end(request.method === 'HEAD' ? undefined : body)
}
