import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Readiness } from '../lifecycle/readiness.js'
import type { Metrics } from '../metrics/metrics.js'
import type { PlainHandler } from './http-front.js'
import { pathOf } from './path-of.js'

interface Answer {
  readonly status: number
  readonly contentType: string
  readonly body: string
}

/**
 * For probes and Prometheus, hence without a login: `/healthz` (this process works), `/readyz` (requests may be sent
 * here; else 503 with the part that is not ready), `/metrics`.
 */
export function operationsHandler(readiness: Readiness, metrics: Metrics): PlainHandler {
  const answers: Readonly<Record<string, () => Promise<Answer>>> = {
    '/healthz': async () => json(200, { status: 'ok' }),
    '/readyz': async () => {
      const { ready, parts } = await readiness.report()
      return json(ready ? 200 : 503, { status: ready ? 'ready' : 'not ready', parts })
    },
    '/metrics': async () => ({ status: 200, contentType: metrics.contentType, body: await metrics.text() }),
  }
  return async (request, response) => {
    const answer = answers[pathOf(request)]
    if (answer === undefined) return send(request, response, json(404, { status: 'not found' }))
    if (request.method === 'GET' || request.method === 'HEAD') return send(request, response, await answer())
    response.setHeader('allow', 'GET, HEAD')
    return send(request, response, json(405, { status: 'method not allowed' }))
  }
}

function json(status: number, value: unknown): Answer {
  return { status, contentType: 'application/json', body: `${JSON.stringify(value)}\n` }
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  { status, contentType, body }: Answer,
): void {
  response.writeHead(status, {
    'content-type': contentType,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  })
  response.end(request.method === 'HEAD' ? undefined : body)
}
