import { basicName } from '@entrepot/identity'
import {
  type AuditTrail,
  type ClientAddressOf,
  isRegistryError,
  type Logger,
  RegistryError,
} from '@entrepot/kernel'
import {
  type ArgumentsHost,
  Catch,
  type ExceptionFilter,
  HttpException,
  NotFoundException,
} from '@nestjs/common'
import type { Request, Response } from 'express'
import type { Caller } from './caller.js'
import { originOf, requestIdOf } from './request-origin.js'
import { shownCredentials } from './shown-credentials.js'
import { statusOfError } from './status-of-error.js'

interface Rendering {
  readonly status: number
  readonly messages: readonly string[]
  readonly headers: Readonly<Record<string, string>>
}

/**
 * Every failure in Artifactory's shape, `{"errors":[{"status","message"}]}`. What is not meant for the client becomes a
 * request id, taken from the response's `X-Request-Id` where the server has set one. Refused accesses go into the audit
 * trail; a client that showed nothing was only told to log in.
 */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  constructor(
    private readonly logger: Logger,
    private readonly audit: AuditTrail,
    private readonly clientAddressOf: ClientAddressOf,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp()
    const request = http.getRequest<Request & { user?: Caller | undefined }>()
    const response = http.getResponse<Response>()
    const requestId = requestIdOf(response)
    const { status, messages, headers } = render(error, requestId)
    if (isRefusal(error, request)) this.recordRefusal(request, messages[0] ?? '')
    if (status >= 500) {
      const { method, path } = request
      this.logger.error({ err: error, requestId, method, path, status }, 'an admin request failed')
    }
    if (response.headersSent) {
      response.destroy()
      return
    }
    // The rest of a body that was not read to its end would be taken for the next request.
    if (!request.complete) response.setHeader('Connection', 'close')
    response.status(status).set(headers).type('json').json(this.bodyOf(status, messages))
  }

  protected bodyOf(status: number, messages: readonly string[]): object {
    return { errors: messages.map((message) => ({ status, message })) }
  }

  private recordRefusal(request: Request & { user?: Caller | undefined }, message: string): void {
    const { authorization } = request.headers
    const principal = request.user?.principal
    this.audit.record({
      action: 'access',
      outcome: 'refused',
      actor: principal?.name ?? basicName(authorization) ?? 'anonymous',
      realm: principal?.realm,
      origin: originOf(request, this.clientAddressOf),
      subject: { kind: 'route', name: `${request.method} ${request.path}` },
      reason: message,
    })
  }
}

function isRefusal(error: unknown, request: Request): boolean {
  if (!isRegistryError(error, 'DENIED', 'UNAUTHORIZED') || !error.isForAudit) return false
  return error.code === 'DENIED' || shownCredentials(request) !== undefined
}

function render(error: unknown, requestId: string): Rendering {
  if (error instanceof RegistryError) {
    const status = statusOfError[error.code]
    const headers = { ...error.headers }
    if (status === 401) headers['WWW-Authenticate'] = 'Basic realm="Entrepot", charset="UTF-8"'
    if (error.retryAfterSeconds !== undefined) headers['Retry-After'] = `${error.retryAfterSeconds}`
    return { status, messages: [error, ...error.siblings].map(({ message }) => message), headers }
  }
  // Nest's own words repeat the whole URL, and people put passwords into queries.
  if (error instanceof NotFoundException) {
    return { status: 404, messages: ['there is nothing at this path'], headers: {} }
  }
  if (error instanceof HttpException) {
    return { status: error.getStatus(), messages: [error.message], headers: {} }
  }
  return { status: 500, messages: [`internal error, request id ${requestId}`], headers: {} }
}
