import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AdminApiApp, adminPassword, basic, errorsOf } from './testing/admin-api-app.js'

const path = '/artifactory/api/repositories/docker'
let app: AdminApiApp
beforeAll(async () => {
  app = await AdminApiApp.start()
})
afterAll(() => app.close())

const sendRaw = (raw: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
  app.send('PUT', path, undefined, { raw, headers })

describe('JsonBody', () => {
  it.each([
    ['nothing', '', /not valid JSON/],
    ['half an object', '{"rclass":"local"', /not valid JSON/],
    ['two objects', '{}{}', /not valid JSON at position 2/],
    ['an array', '[]', /not a JSON object/],
    ['null', 'null', /not a JSON object/],
    ['a text', '"rclass"', /not a JSON object/],
    ['a number', '7', /not a JSON object/],
    ['NUL', String.raw`{"rclass":"local","packageType":"docker","notes":"a\u0000b"}`, /NUL/],
    [
      'half a surrogate pair',
      String.raw`{"rclass":"local","packageType":"docker","notes":"\ud800"}`,
      /Unicode/,
    ],
    ['NUL in an unknown name', String.raw`{"rclass":"local","packageType":"docker","\u0000":1}`, /NUL/],
    ['a deep array', `{"x":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, /nests deeper than 32/],
    ['a deep object', `${'{"x":'.repeat(5000)}1${'}'.repeat(5000)}`, /nests deeper than 32/],
  ])('refuses %s with 400', async (_what, raw, message) => {
    const answer = await sendRaw(raw)
    expect(answer.status).toBe(400)
    expect(errorsOf(answer)).toEqual([expect.stringMatching(message)])
    expect(app.repositories.find('docker')).toBeUndefined()
  })

  it('refuses what is not UTF-8', async () => {
    const answer = await sendRaw(new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]))
    expect(errorsOf(answer)).toEqual(['the body is not UTF-8'])
  })

  it('never repeats a body that it could not parse', async () => {
    const answer = await sendRaw('{"password":"canary-7" oops}')
    expect(answer.status).toBe(400)
    expect(answer.text).not.toContain('canary')
  })

  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data',
    'application/jsonp',
    '',
  ])('refuses the media type %j with 415', async (mediaType) => {
    const answer = await sendRaw('{"rclass":"local","packageType":"docker"}', { 'content-type': mediaType })
    expect(answer.status).toBe(415)
    expect(errorsOf(answer)[0]).toContain('expected application/json')
  })

  it('refuses content codings with 415', async () => {
    const answer = await sendRaw('{}', { 'content-encoding': 'gzip' })
    expect(answer.status).toBe(415)
  })

  it('answers 413 to more than 1 MiB and closes the connection', async () => {
    const answer = await sendRaw(`{"notes":"${'x'.repeat(1024 * 1024)}"}`)
    expect(answer.status).toBe(413)
    expect(errorsOf(answer)).toEqual(['the body is longer than 1048576 bytes'])
  })

  it('outlives a client that leaves half-way', async () => {
    const { hostname, port } = new URL(app.url)
    await new Promise<void>((resolve) => {
      const socket = connect(Number(port), hostname, () => {
        socket.write(
          `PUT ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: ${basic('admin', adminPassword)}\r\n` +
            'Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"rclass"',
        )
        setTimeout(() => socket.destroy(), 100)
      })
      socket.on('close', () => resolve())
    })
    expect((await app.get('docker')).status).toBe(400)
    expect(app.logged.filter((fields) => fields['status'] === 500)).toEqual([])
  })

  it("takes Artifactory's media types", async () => {
    const answer = await sendRaw('{"rclass":"local","packageType":"docker"}', {
      'content-type':
        'application/vnd.org.jfrog.artifactory.repositories.LocalRepositoryConfiguration+json; charset=utf-8',
    })
    expect(answer.status).toBe(200)
  })
})
