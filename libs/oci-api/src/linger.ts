import type { IncomingMessage } from 'node:http'

/** Of a body that nobody wants, so much is taken; then the connection is cut. */
const lingerBytes = 64 * 1024 * 1024
const lingerMilliseconds = 10_000

/**
 * Takes what is left of a request's body after its answer. To close at once would reset the connection while the client
 * is still sending, and it would never read the answer (protocol check list 130). RFC 9112 9.6.
 * @param onEnd called when all of it has come; never, when the client left or sent too much
 */
export function linger(request: IncomingMessage, onEnd: () => void): void {
  let left = lingerBytes
  const timer = setTimeout(() => request.destroy(), lingerMilliseconds)
  request.on('data', (chunk: Buffer) => {
    left -= chunk.length
    if (left < 0) request.destroy()
  })
  request.once('close', () => clearTimeout(timer))
  request.once('end', () => {
    clearTimeout(timer)
    onEnd()
  })
  request.resume()
}
