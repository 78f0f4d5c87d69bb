import { type Logger, RegistryError } from '@entrepot/kernel'
import {
  type ArgumentsHost,
  Catch,
  type ExceptionFilter,
  HttpException,
  NotFoundException,
} from '@nestjs/common'
import type { Request, Response } from 'express'
import { requestIdOf } from './request-origin.js'
import { statusOfError } from './status-of-error.js'

interface Rendering {
  readonly status: number
  readonly messages: readonly string[]
  readonly headers: Readonly<Record<string, string>>
}

/**
 * Every failure in Artifactory's shape, `{"errors":[{"status","message"}]}`. What is not meant for the client becomes a
 * request id, taken from the response's `X-Request-Id` where the server has set one.
 */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  constructor(private readonly logger: Logger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp()
    const request = http.getRequest<Request>()
    const response = http.getResponse<Response>()
    const requestId = requestIdOf(response)
    const { status, messages, headers } = render(error, requestId)
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
    response
      .status(status)
      .set(headers)
      .type('json')
      .json({ errors: messages.map((message) => ({ status, message })) })
  }
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
