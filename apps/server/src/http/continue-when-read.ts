import type { IncomingMessage, ServerResponse } from 'node:http'

/**
 * For a request that waits for `100 Continue` before it sends its body (RFC 9110 section 10.1.1): says so when somebody
 * first reads the body, hence after authorisation. A request that is refused before has cost its client nothing; its
 * connection is closed, because whether the body follows is then anybody's guess.
 */
export function continueWhenRead(request: IncomingMessage, response: ServerResponse): void {
  const keepAlive = response.shouldKeepAlive
  const read = request._read.bind(request)
  response.shouldKeepAlive = false
  request._read = (size) => {
    request._read = read
    if (!response.headersSent && !response.destroyed) {
      response.shouldKeepAlive = keepAlive
      response.writeContinue()
    }
    read(size)
  }
}
