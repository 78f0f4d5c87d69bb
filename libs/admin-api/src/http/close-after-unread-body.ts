import type { IncomingMessage, ServerResponse } from 'node:http'

/** As much as Node takes in and throws away is not worth a new connection. */
const negligibleBytes = 64 * 1024

/**
 * A request whose body nobody reads to its end is the last of its connection: Node would else take in and throw away all the
 * rest, however long it is. One that waits for `100 Continue` has not sent its body yet.
 */
export function closeAfterUnreadBody(
  request: IncomingMessage,
  response: ServerResponse,
  next: () => void,
): void {
  const { 'content-length': length = '0', 'transfer-encoding': coding, expect } = request.headers
  const isLong = coding !== undefined || Number(length) > negligibleBytes
  if (isLong && expect === undefined) {
    const keepAlive = response.shouldKeepAlive
    response.shouldKeepAlive = false
    request.once('end', () => {
      response.shouldKeepAlive = keepAlive
    })
  }
  next()
}
