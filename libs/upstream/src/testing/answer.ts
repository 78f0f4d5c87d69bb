import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import type { Misbehaviour } from './misbehaviour.js'

export interface Answer {
  readonly status: number
  readonly headers: Record<string, string>
  readonly body: Buffer
  /** Whether `Range` is honoured (RFC 9110 14.2). */
  readonly ranges: boolean
}

/** Sends the answer as the misbehaviour has it. */
export function sendAnswer(
  request: IncomingMessage,
  response: ServerResponse,
  answer: Answer,
  fault: Misbehaviour | undefined,
): void {
  switch (fault?.kind) {
    case 'hang':
      return
    case 'reset':
      request.socket.resetAndDestroy()
      return
    case 'status':
      write(request, response, {
        status: fault.status,
        headers: { 'content-type': 'text/plain', ...fault.headers },
        body: Buffer.from(fault.body ?? ''),
        ranges: false,
      })
      return
    case 'redirect': {
      const to = typeof fault.to === 'string' ? fault.to : fault.to(request.url ?? '')
      const headers = { location: to }
      write(request, response, { status: fault.status ?? 307, headers, body: Buffer.alloc(0), ranges: false })
      return
    }
    case 'delay':
      setTimeout(() => write(request, response, ranged(request, answer)), fault.milliseconds)
      return
    case 'drop':
    case 'stall':
      writePart(request, response, ranged(request, answer), fault.afterBytes, fault.kind)
      return
    case 'drip':
      void drip(response, ranged(request, answer), fault.bytesPerStep ?? 1, fault.everyMilliseconds ?? 10)
      return
    default:
      write(request, response, distorted(request, answer, fault))
  }
}

function distorted(request: IncomingMessage, answer: Answer, fault: Misbehaviour | undefined): Answer {
  const { 'docker-content-digest': digest, ...withoutDigest } = answer.headers
  switch (fault?.kind) {
    case 'wrong-bytes': {
      const body = Buffer.from(answer.body)
      body.writeUInt8((body.at(-1) ?? 0) ^ 1, body.length - 1)
      return ranged(request, { ...answer, body })
    }
    case 'wrong-digest-header':
      return ranged(request, {
        ...answer,
        headers: { ...withoutDigest, 'docker-content-digest': `sha256:${'0'.repeat(64)}` },
      })
    case 'no-digest-header':
      return ranged(request, { ...answer, headers: withoutDigest })
    case 'ignore-range':
      return answer
    case 'gzip':
      if (request.headers['accept-encoding'] === 'identity' && fault.always !== true)
        return ranged(request, answer)
      return {
        ...answer,
        headers: { ...withoutDigest, 'docker-content-digest': digest ?? '', 'content-encoding': 'gzip' },
        body: gzipSync(answer.body),
      }
    default:
      return ranged(request, answer)
  }
}

function ranged(request: IncomingMessage, answer: Answer): Answer {
  if (answer.headers['etag'] !== undefined && request.headers['if-none-match'] === answer.headers['etag']) {
    return { ...answer, status: 304, body: Buffer.alloc(0) }
  }
  const range = /^bytes=(\d*)-(\d*)$/.exec(request.headers.range ?? '')
  if (!answer.ranges || range === null || answer.status !== 200) return answer
  const size = answer.body.length
  const [, first = '', last = ''] = range
  const start = first === '' ? Math.max(size - Number(last), 0) : Number(first)
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1)
  if (start > end) {
    const headers = { ...answer.headers, 'content-range': `bytes */${size}` }
    return { status: 416, headers, body: Buffer.alloc(0), ranges: false }
  }
  return {
    ...answer,
    status: 206,
    headers: { ...answer.headers, 'content-range': `bytes ${start}-${end}/${size}` },
    body: answer.body.subarray(start, end + 1),
  }
}

function startAnswer(response: ServerResponse, answer: Answer): void {
  const length = answer.status === 304 ? {} : { 'content-length': answer.body.length }
  response.writeHead(answer.status, { ...answer.headers, ...length })
}

function write(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
  startAnswer(response, answer)
  response.end(request.method === 'HEAD' ? undefined : answer.body)
}

function writePart(
  request: IncomingMessage,
  response: ServerResponse,
  answer: Answer,
  bytes: number,
  ending: 'drop' | 'stall',
): void {
  startAnswer(response, answer)
  response.flushHeaders()
  const close = () => {
    if (ending === 'drop') request.socket.end(() => request.socket.destroy())
  }
  if (bytes === 0) close()
  else response.write(answer.body.subarray(0, bytes), close)
}

async function drip(response: ServerResponse, answer: Answer, step: number, pause: number): Promise<void> {
  startAnswer(response, answer)
  for (let offset = 0; offset < answer.body.length && !response.destroyed; offset += step) {
    if (!response.write(answer.body.subarray(offset, offset + step))) {
      await Promise.race([once(response, 'drain'), once(response, 'close')])
    }
    await delay(pause)
  }
  response.end()
}
