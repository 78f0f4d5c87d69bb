import { isRegistryError, type RegistryError } from '@entrepot/kernel'
import { errorTable, unknownErrorRow } from './error-table.js'
import type { Exchange, RawHeaders } from './exchange.js'

interface WireError {
  readonly code: string
  readonly message: string
  readonly detail: unknown
}

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
