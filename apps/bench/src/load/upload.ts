import type { Connection, Response } from './connection.js'
import type { Content } from './content.js'
import type { Target, UploadMode } from './tasks.js'

/** Sends one blob and checks that the registry has taken it under its digest. */
export async function upload(
  connection: Connection,
  target: Target,
  content: Content,
  mode: UploadMode,
): Promise<void> {
  const started = await connection.request('POST', `${target.path}/blobs/uploads/`, ['Content-Length: 0'])
  let location = locationOf(expect(started, 202, 'POST'))
  if (mode === 'patch') {
    const headers = ['Transfer-Encoding: chunked', 'Content-Type: application/octet-stream']
    const body = () => sendChunked(connection, content)
    const patched = await connection.request('PATCH', location, headers, { body })
    location = locationOf(expect(patched, 202, 'PATCH'))
  }
  const separator = location.includes('?') ? '&' : '?'
  const path = `${location}${separator}digest=${content.digest.replace(':', '%3A')}`
  const finished =
    mode === 'patch'
      ? await connection.request('PUT', path, ['Content-Length: 0'])
      : await connection.request('PUT', path, putHeaders(content), { body: () => send(connection, content) })
  const digest = expect(finished, 201, 'PUT').headers.get('docker-content-digest')
  if (digest !== content.digest) throw new Error(`PUT of ${content.digest} is told as ${String(digest)}`)
}

/** Asks whether the registry has all of a blob: outside any measurement. */
export async function requireStored(connection: Connection, target: Target, content: Content): Promise<void> {
  const response = await connection.request('HEAD', `${target.path}/blobs/${content.digest}`, [])
  const length = Number(expect(response, 200, 'HEAD').headers.get('content-length'))
  if (length !== content.size)
    throw new Error(`HEAD after an upload tells ${length} bytes of ${content.size}`)
}

function putHeaders(content: Content): readonly string[] {
  return [`Content-Length: ${content.size}`, 'Content-Type: application/octet-stream']
}

async function send(connection: Connection, content: Content): Promise<void> {
  for (const piece of content.pieces) await connection.write(piece)
}

async function sendChunked(connection: Connection, content: Content): Promise<void> {
  for (const piece of content.framedPieces) await connection.write(piece)
  await connection.write(Buffer.from('0\r\n\r\n'))
}

function expect(response: Response, status: number, what: string): Response {
  if (response.status !== status) throw new Error(`${what} of an upload answers ${response.status}`)
  return response
}

/** As a path: some registries give a whole URL. */
function locationOf(response: Response): string {
  const location = response.headers.get('location')
  if (location === undefined) throw new Error('an upload answers without a Location')
  if (location.startsWith('/')) return location
  const { pathname, search } = new URL(location)
  return `${pathname}${search}`
}
