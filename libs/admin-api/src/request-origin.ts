import { randomUUID } from 'node:crypto'
import type { ClientAddressOf, RequestOrigin } from '@entrepot/kernel'
import type { Request, Response } from 'express'

/** Where a request of the admin API came from, under one request id from its first use on. */
export function originOf(request: Request, clientAddressOf: ClientAddressOf): RequestOrigin {
  const response = request.res
  if (response === undefined) throw new TypeError('the request has no response')
  return { address: clientAddressOf(request), requestId: requestIdOf(response) }
}

/** Also in the answer's `X-Request-Id`, from where it is known again. */
export function requestIdOf(response: Response): string {
  const known = response.getHeader('X-Request-Id')
  if (typeof known === 'string') return known
  const made = randomUUID()
  if (!response.headersSent) response.setHeader('X-Request-Id', made)
  return made
}
