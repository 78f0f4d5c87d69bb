import { isRegistryError, type RegistryError } from '@entrepot/kernel'
import { errorTable, unknownErrorRow } from './error-table.js'
import type { Exchange, RawHeaders } from './exchange.js'

interface WireError {
  readonly code: string
  readonly message: string
  readonly detail: unknown
}

/** Of a body that is still coming when the answer is an error, so much is taken; then the connection is cut. */
const lingerBytes = 64 * 1024 * 1024
const lingerMilliseconds = 10_000

export function statusOf(error: unknown): number {
  return isRegistryError(error) ? errorTable[error.code].status : unknownErrorRow.status
}

/**
 * Tells a failure in the words of the protocol (distribution-spec "Error Codes"); what is not a RegistryError is told by
 * the request's id alone.
 */
export function answerError(exchange: Exchange, error: unknown): void {
  const known = isRegistryError(error) ? error : undefined
  const errors =
    known === undefined
      ? [
          {
            code: unknownErrorRow.wireCode,
            message: 'internal error',
            detail: { requestId: exchange.requestId },
          },
        ]
      : [known, ...known.siblings].map(wireError)
  const headers: RawHeaders = Object.entries(known?.headers ?? {}).flat()
  if (known?.retryAfterSeconds !== undefined) {
    headers.push('Retry-After', String(Math.max(1, Math.ceil(known.retryAfterSeconds))))
  }
  exchange.replyJson(statusOf(error), headers, { errors })
}

function wireError(error: RegistryError): WireError {
  return {
    code: errorTable[error.code].wireCode,
    message: error.message,
    detail: error.detail ?? null,
  }
}

/**
 * Takes what is left of a request's body after its answer. To close at once would reset the connection while the client
 * is still sending, and it would never read the answer (protocol check list 130).
 */
export function lingerOn(exchange: Exchange): void {
  const { request } = exchange
  if (request.complete || request.destroyed || !exchange.hasRequestBody) return
  let left = lingerBytes
  const timer = setTimeout(() => request.destroy(), lingerMilliseconds)
  request.on('data', (chunk: Buffer) => {
    left -= chunk.length
    if (left < 0) request.destroy()
  })
  request.once('close', () => clearTimeout(timer))
  request.once('end', () => clearTimeout(timer))
  request.resume()
}
