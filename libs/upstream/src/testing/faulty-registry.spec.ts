import { once } from 'node:events'
import { get, request as ask, type IncomingMessage } from 'node:http'
import { get as secureGet } from 'node:https'
import { buffer } from 'node:stream/consumers'
import { digestOf } from '@entrepot/kernel'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FaultyRegistry } from './faulty-registry.js'
import { selfSignedCertificate } from './self-signed-certificate.js'

let registry: FaultyRegistry

beforeEach(async () => {
  registry = await FaultyRegistry.start()
})
afterEach(() => registry.close())

async function fetchFrom(path: string, headers: Record<string, string> = {}, method = 'GET') {
  const outgoing = ask(registry.url + path, { headers, method }).end()
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage]
  return { status: response.statusCode, headers: response.headers, body: await buffer(response) }
}

describe('what it serves', () => {
  it('serves an image by tag and digest, its blobs, and counts the requests', async () => {
    const image = registry.addImage('library/alpine', 'latest')
    const byTag = await fetchFrom('/v2/library/alpine/manifests/latest')
    expect(byTag.body.equals(image.bytes)).toBe(true)
    expect(byTag.headers['docker-content-digest']).toBe(image.digest)
    const layer = image.layers[0]
    const blob = await fetchFrom(`/v2/library/alpine/blobs/${layer?.digest}`)
    expect(digestOf(blob.body)).toBe(layer?.digest)
    expect((await fetchFrom('/v2/library/alpine/manifests/none')).status).toBe(404)
    expect(registry.count('GET', /\/manifests\//)).toBe(2)
    expect(registry.count('GET', `/v2/library/alpine/blobs/${layer?.digest}`)).toBe(1)
  })

  it('answers a range of a blob with 206 and one beyond its end with 416', async () => {
    const blob = registry.addBlob('a', Buffer.from('0123456789'))
    const path = `/v2/a/blobs/${blob.digest}`
    const part = await fetchFrom(path, { range: 'bytes=3-5' })
    expect([part.status, part.body.toString(), part.headers['content-range']]).toEqual([
      206,
      '345',
      'bytes 3-5/10',
    ])
    expect((await fetchFrom(path, { range: 'bytes=7-' })).body.toString()).toBe('789')
    expect((await fetchFrom(path, { range: 'bytes=10-' })).status).toBe(416)
  })

  it('answers 304 when the entity tag matches', async () => {
    const image = registry.addImage('a', 'b')
    const answer = await fetchFrom('/v2/a/manifests/b', { 'if-none-match': `"${image.digest}"` })
    expect(answer.status).toBe(304)
  })

  it('pages tags and lists referrers', async () => {
    const image = registry.addImage('a', 'one')
    registry.tag('a', image, 'two', 'three')
    const page = await fetchFrom('/v2/a/tags/list?n=2')
    expect(JSON.parse(page.body.toString())).toEqual({ name: 'a', tags: ['one', 'three'] })
    expect(page.headers.link).toBe('</v2/a/tags/list?n=2&last=three>; rel="next"')
    const signature = registry.addImage('a', undefined, { subject: image, artifactType: 'x/signature' })
    const referrers = await fetchFrom(`/v2/a/referrers/${image.digest}`)
    expect(JSON.parse(referrers.body.toString()).manifests).toMatchObject([
      { digest: signature.digest, artifactType: 'x/signature' },
    ])
  })

  it('serves https with a certificate of its own making', async () => {
    const tls = selfSignedCertificate()
    const secure = await FaultyRegistry.start({ tls })
    try {
      const [response] = (await once(secureGet(`${secure.url}/v2/`, { ca: tls.cert }), 'response')) as [
        IncomingMessage,
      ]
      expect(response.statusCode).toBe(200)
    } finally {
      await secure.close()
    }
  })
})

describe('how it goes wrong', () => {
  it('drops the connection in the middle of a blob', async () => {
    const blob = registry.addBlob('a', Buffer.alloc(100, 'x'))
    registry.misbehave({ kind: 'drop', afterBytes: 40 }, { path: /blobs/, times: 1 })
    const [response] = (await once(get(`${registry.url}/v2/a/blobs/${blob.digest}`), 'response')) as [
      IncomingMessage,
    ]
    let bytes = 0
    response.on('data', (chunk: Buffer) => (bytes += chunk.length))
    await expect(once(response, 'end')).rejects.toThrow('aborted')
    expect(bytes).toBe(40)
    expect((await fetchFrom(`/v2/a/blobs/${blob.digest}`)).body.length).toBe(100)
  })

  it('sends other bytes, other digests and other statuses', async () => {
    const image = registry.addImage('a', 'b')
    const wrong = registry.misbehave({ kind: 'wrong-bytes' })
    expect(digestOf((await fetchFrom('/v2/a/manifests/b')).body)).not.toBe(image.digest)
    wrong.stop()
    registry.misbehave({ kind: 'no-digest-header' }, { times: 1 })
    expect((await fetchFrom('/v2/a/manifests/b')).headers['docker-content-digest']).toBeUndefined()
    registry.misbehave({ kind: 'status', status: 429, headers: { 'retry-after': '7' } }, { method: 'HEAD' })
    expect((await fetchFrom('/v2/a/manifests/b', {}, 'HEAD')).status).toBe(429)
    expect((await fetchFrom('/v2/a/manifests/b')).status).toBe(200)
    expect(wrong.hits).toBe(1)
  })

  it('resets a connection before the answer', async () => {
    registry.misbehave({ kind: 'reset' })
    await expect(fetchFrom('/v2/')).rejects.toThrow(/ECONNRESET|hang up/)
  })
})

describe('whom it lets in', () => {
  it('asks for a token, gives one, and takes it until it is revoked', async () => {
    registry.addImage('a', 'b')
    registry.requireToken({ username: 'u', password: 'p' })
    const refused = await fetchFrom('/v2/a/manifests/b')
    expect(refused.status).toBe(401)
    expect(refused.headers['www-authenticate']).toContain(`Bearer realm="${registry.url}/token"`)
    const basic = `Basic ${Buffer.from('u:p').toString('base64')}`
    const granted = await fetchFrom('/token?scope=repository:a:pull', { authorization: basic })
    const authorization = `Bearer ${JSON.parse(granted.body.toString()).token}`
    expect((await fetchFrom('/v2/a/manifests/b', { authorization })).status).toBe(200)
    registry.revokeTokens()
    expect((await fetchFrom('/v2/a/manifests/b', { authorization })).status).toBe(401)
    expect((await fetchFrom('/token', { authorization: 'Basic eDp5' })).status).toBe(401)
  })
})
