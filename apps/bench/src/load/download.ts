import { createHash } from 'node:crypto'
import type { Connection } from './connection.js'
import { type Content } from './content.js'
import type { Target } from './tasks.js'

export async function download(connection: Connection, target: Target, content: Content): Promise<void> {
  await get(connection, target, content)
}

/** The same, with a look at every byte: slower. */
export async function downloadVerified(
  connection: Connection,
  target: Target,
  content: Content,
): Promise<void> {
  const hash = createHash('sha256')
  await get(connection, target, content, (bytes) => hash.update(bytes))
  const actual = `sha256:${hash.digest('hex')}`
  if (actual !== content.digest) throw new Error(`GET brought ${actual} for ${content.digest}`)
}

async function get(
  connection: Connection,
  target: Target,
  content: Content,
  onBody?: (bytes: Uint8Array) => void,
): Promise<void> {
  const path = `${target.path}/blobs/${content.digest}`
  const response = await connection.request('GET', path, [], onBody === undefined ? {} : { onBody })
  if (response.status !== 200) throw new Error(`GET ${path} answers ${response.status}`)
  if (response.bodyBytes !== content.size) {
    throw new Error(`GET ${path} brought ${response.bodyBytes} bytes of ${content.size}`)
  }
}
