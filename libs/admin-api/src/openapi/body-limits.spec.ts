import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { adminApiControllers } from '../admin-api.module.js'
import { AdminApiApp, adminPassword, basic } from '../testing/admin-api-app.js'
import { documented, nameOf, pathOf } from '../testing/example-request.js'
import { describedRoutes, examplesOf } from './described-route.js'

const mebibyte = 1024 * 1024

/** What is on its way when the reading ends, with what Node reads ahead. */
const slack = mebibyte / 4

const sentAtMost = 24 * mebibyte

let app: AdminApiApp
let server: Socket
beforeAll(async () => {
  app = await AdminApiApp.start()
  app.server.on('connection', (socket) => {
    server = socket
  })
})
afterAll(() => app.close())

/** Sends without an end, as long as the other side listens. @returns how much it has taken, and what it said */
async function flood(method: string, path: string): Promise<{ taken: number; answer: string }> {
  const { hostname, port } = new URL(app.url)
  const accepted = once(app.server, 'connection')
  const socket = connect(Number(port), hostname)
  let answer = ''
  socket.on('data', (chunk: Buffer) => {
    answer += chunk.toString()
  })
  // It is told to go while it is still sending.
  socket.on('error', () => socket.destroy())
  const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()))
  await accepted
  socket.write(
    `${method} ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: ${basic('admin', adminPassword)}\r\n` +
      'Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n',
  )
  const size = 64 * 1024
  const chunk = `${size.toString(16)}\r\n${' '.repeat(size)}\r\n`
  for (let sent = 0; sent < sentAtMost && !socket.destroyed; sent += size) {
    if (!socket.write(chunk)) await Promise.race([once(socket, 'drain').catch(() => undefined), closed])
  }
  if (!socket.destroyed) socket.destroy()
  await closed
  return { taken: server.bytesRead, answer }
}

describe('a body without an end', () => {
  it.each(documented(describedRoutes(adminApiControllers)).map((route) => [nameOf(route), route] as const))(
    'is not read on by %s',
    async (_name, route) => {
      const [example] = examplesOf(route)
      if (example === undefined) throw new Error('it has no example')
      const { taken } = await flood(route.method.toUpperCase(), pathOf(route, example))
      const maximum = (route.description.body?.maximumMebibytes ?? 1) * mebibyte
      expect(taken).toBeLessThanOrEqual(maximum + slack)
    },
  )
})
