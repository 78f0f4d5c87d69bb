import { connect } from 'node:net'
import { digestOf } from '@entrepot/kernel'
import { maximumManifestBytes, mediaTypes } from '@entrepot/oci-model'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { basic, FakeRepository, RegistryUnderTest } from './testing/index.js'

let registry: RegistryUnderTest
let local: FakeRepository

const path = '/v2/docker-local/team/app/manifests'
const spaced = Buffer.from('{ "schemaVersion":2,\n "b": 1, "a": 2 }')

beforeEach(async () => {
  registry = await new RegistryUnderTest({ stallTimeoutMilliseconds: 300 }).start()
  local = new FakeRepository('docker-local')
  registry.directory.add(local)
})
afterEach(() => registry.stop())

function image(more: object = {}): Buffer {
  const config = {
    mediaType: 'application/vnd.oci.empty.v1+json',
    digest: digestOf(Buffer.from('{}')),
    size: 2,
  }
  local.addBlob('team/app', Buffer.from('{}'))
  return Buffer.from(
    JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociManifest, config, layers: [], ...more }),
  )
}

function put(reference: string, body: Buffer, contentType: string = mediaTypes.ociManifest) {
  return registry.ask('PUT', `${path}/${reference}`, { body, headers: { 'content-type': contentType } })
}

describe('a manifest that is pulled', () => {
  it('is the stored bytes, with type, digest, length and tag as they are stored (72-76)', async () => {
    const digest = local.addManifest('team/app', spaced, mediaTypes.ociManifest, 'latest')
    const answer = await registry.ask('GET', `${path}/latest`)
    expect(answer.status).toBe(200)
    expect(answer.bytes.equals(spaced)).toBe(true)
    expect(answer.headers).toMatchObject({
      'content-type': mediaTypes.ociManifest,
      'content-length': String(spaced.length),
      'docker-content-digest': digest,
      etag: `"${digest}"`,
      'cache-control': 'no-cache',
      'x-artifactory-docker-registry': 'docker-local',
    })
    expect(answer.headers['content-encoding']).toBeUndefined()
    expect(answer.headers['x-entrepot-cache']).toBeUndefined()
  })

  it('has the same headers after HEAD, and no body (75, 82)', async () => {
    local.addManifest('team/app', spaced, mediaTypes.ociManifest, 'latest')
    const get = await registry.ask('GET', `${path}/latest`)
    const head = await registry.ask('HEAD', `${path}/latest`)
    const without = ({ date: _date, 'x-request-id': _id, ...rest }: typeof head.headers) => rest
    expect(without(head.headers)).toEqual(without(get.headers))
    expect(head.bytes.length).toBe(0)
  })

  it('by digest is immutable, also when the digest is percent-encoded (23, 77)', async () => {
    const digest = local.addManifest('team/app', spaced, mediaTypes.ociManifest)
    const answer = await registry.ask('GET', `${path}/${encodeURIComponent(digest)}`)
    expect(answer.headers['cache-control']).toBe('max-age=31536000, immutable')
    expect(answer.headers['docker-content-digest']).toBe(digest)
  })

  it('under sha512 keeps its sha512 digest (21)', async () => {
    const body = image()
    const digest = digestOf(body, 'sha512')
    expect((await put(digest, body)).headers['docker-content-digest']).toBe(digest)
    expect((await registry.ask('GET', `${path}/${digest}`)).headers['docker-content-digest']).toBe(digest)
  })

  it.each(['"D"', 'D', 'W/"D"', '"x", "D"', '*'])(
    'is not sent again for If-None-Match %s (76)',
    async (form) => {
      const digest = local.addManifest('team/app', spaced, mediaTypes.ociManifest, 'latest')
      const headers = { 'if-none-match': form.replace('D', digest) }
      const answer = await registry.ask('GET', `${path}/latest`, { headers })
      expect([answer.status, answer.bytes.length, answer.headers['etag']]).toEqual([304, 0, `"${digest}"`])
      const changed = await registry.ask('GET', `${path}/latest`, { headers: { 'if-none-match': '"other"' } })
      expect(changed.status).toBe(200)
    },
  )

  it('tells the cache state of a remote', async () => {
    local.addManifest('team/app', spaced, mediaTypes.ociManifest, 'latest')
    local.cache = 'revalidated'
    const answer = await registry.ask('GET', `${path}/latest`)
    expect(answer.headers['x-entrepot-cache']).toBe('revalidated')
  })

  it('is served whole to Range: bytes=0- (83)', async () => {
    local.addManifest('team/app', spaced, mediaTypes.ociManifest, 'latest')
    const answer = await registry.ask('GET', `${path}/latest`, { headers: { range: 'bytes=0-' } })
    expect([answer.status, answer.bytes.length]).toEqual([200, spaced.length])
  })

  it('is served as stored, whatever is accepted (79, 80, 84)', async () => {
    local.addManifest('team/app', spaced, mediaTypes.ociIndex, 'latest')
    for (const accept of [undefined, mediaTypes.dockerManifest, `${mediaTypes.dockerSchema1}, text/html`]) {
      const headers = accept === undefined ? {} : { accept }
      const answer = await registry.ask('GET', `${path}/latest`, { headers })
      expect([answer.status, answer.headers['content-type']]).toEqual([200, mediaTypes.ociIndex])
    }
  })

  it.each(['GET', 'HEAD'])('and is not there answers %s with 404 MANIFEST_UNKNOWN (81)', async (method) => {
    local.addManifest('team/app', spaced, mediaTypes.ociManifest, 'latest')
    for (const reference of ['other', digestOf(Buffer.from('other'))]) {
      expect((await registry.ask(method, `${path}/${reference}`)).status).toBe(404)
    }
    expect((await registry.ask('GET', '/v2/docker-local/nobody/manifests/latest')).code).toBe(
      'MANIFEST_UNKNOWN',
    )
  })
})

describe('a Docker manifest list', () => {
  let child: string
  let list: string

  beforeEach(() => {
    child = local.addManifest('team/app', spaced, mediaTypes.dockerManifest)
    const manifests = [
      { digest: digestOf(Buffer.from('arm')), platform: { os: 'linux', architecture: 'arm64' } },
      { digest: child, platform: { os: 'linux', architecture: 'amd64' } },
    ]
    const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, manifests }))
    list = local.addManifest('team/app', bytes, mediaTypes.dockerManifestList, 'latest')
  })

  async function digestFor(reference: string, accept?: string): Promise<unknown> {
    const headers = accept === undefined ? {} : { accept }
    return (await registry.ask('GET', `${path}/${reference}`, { headers })).headers['docker-content-digest']
  }

  it('by tag is its linux/amd64 child for who takes no list (79)', async () => {
    expect(await digestFor('latest', mediaTypes.dockerManifest)).toBe(child)
  })

  it('is itself for who takes a list, everything, or says nothing (78, 80)', async () => {
    expect(await digestFor('latest', `text/html, ${mediaTypes.dockerManifestList};q=0.1`)).toBe(list)
    expect(await digestFor('latest', `${mediaTypes.dockerManifest}, */*`)).toBe(list)
    expect(await digestFor('latest')).toBe(list)
  })

  it('by digest is itself always', async () => {
    expect(await digestFor(list, mediaTypes.dockerManifest)).toBe(list)
  })
})

describe('a manifest that is pushed', () => {
  it('answers exactly 201 with Location and digest, and comes back unchanged (139, 140)', async () => {
    const body = image({ unknown: [1, 2] })
    const answer = await put('v1', body)
    const digest = digestOf(body)
    expect(answer.status).toBe(201)
    expect(answer.headers).toMatchObject({
      location: `${path}/${digest}`,
      'docker-content-digest': digest,
      'content-length': '0',
    })
    const pulled = await registry.ask('GET', String(answer.headers['location']))
    expect(pulled.bytes.equals(body)).toBe(true)
  })

  it('by digest sets the tags that it names (142)', async () => {
    const body = image()
    const answer = await put(`${digestOf(body)}?tag=a&tag=b&tag=a`, body)
    expect([answer.status, answer.headers['oci-tag']]).toEqual([201, 'a, b'])
    expect((await registry.ask('GET', `${path}/b`)).status).toBe(200)
  })

  it('can not set more than 16 tags, and no bad one (142)', async () => {
    const body = image()
    const tags = Array.from({ length: 17 }, (_, number) => `tag=t${number}`).join('&')
    const tooMany = await put(`${digestOf(body)}?${tags}`, body)
    expect([tooMany.status, tooMany.code]).toEqual([414, 'TAG_INVALID'])
    expect((await put(`${digestOf(body)}?tag=-bad`, body)).code).toBe('TAG_INVALID')
    expect(local.imageNamed('team/app').manifests.size).toBe(0)
  })

  it('with a subject answers OCI-Subject, by tag and by digest (154)', async () => {
    const subject = { mediaType: mediaTypes.ociManifest, digest: digestOf(spaced), size: spaced.length }
    const body = image({ subject })
    for (const reference of ['v1', digestOf(body)]) {
      expect((await put(reference, body)).headers['oci-subject']).toBe(digestOf(spaced))
    }
  })

  it('by another digest than its own is refused (141)', async () => {
    const answer = await put(digestOf(spaced), image())
    expect([answer.status, answer.code]).toEqual([400, 'DIGEST_INVALID'])
  })

  it('lists each blob that is missing (146)', async () => {
    const layer = (text: string) => ({
      mediaType: 'application/vnd.oci.image.layer.v1.tar',
      digest: digestOf(Buffer.from(text)),
      size: 1,
    })
    const answer = await put('v1', image({ layers: [layer('1'), layer('2')] }))
    expect(answer.status).toBe(400)
    expect(answer.json()).toMatchObject({
      errors: [
        { code: 'MANIFEST_BLOB_UNKNOWN', detail: layer('1').digest },
        { code: 'MANIFEST_BLOB_UNKNOWN', detail: layer('2').digest },
      ],
    })
  })

  it.each(['', '{', '[]', 'null', '{"schemaVersion":1}', '\u0000'])(
    'is refused when its body is %j (153)',
    async (body) => {
      const answer = await put('v1', Buffer.from(body))
      expect([answer.status, answer.code]).toEqual([400, 'MANIFEST_INVALID'])
    },
  )

  it('may have 4 MiB, and with one byte more is 413 (152)', async () => {
    const filler = maximumManifestBytes - image({ annotations: { a: '' } }).length
    const largest = image({ annotations: { a: 'x'.repeat(filler) } })
    expect([largest.length, (await put('v1', largest)).status]).toEqual([maximumManifestBytes, 201])
    const tooLarge = await put('v2', Buffer.concat([largest, Buffer.from(' ')]))
    expect([tooLarge.status, tooLarge.code]).toEqual([413, 'SIZE_INVALID'])
  })

  it('that is too large is refused before it has come, and the answer still arrives (130, 152)', async () => {
    const body = Buffer.alloc(24 * 1024 * 1024)
    expect((await put('v2', body)).status).toBe(413)
    const headers = { 'transfer-encoding': 'chunked' }
    const chunked = await registry.ask('PUT', `${path}/v2`, { body, headers })
    expect(chunked.status).toBe(413)
  })

  it('and stops half-way stores nothing and is cut off', async () => {
    const socket = connect(registry.port, '127.0.0.1')
    const finished = registry.nextFinished()
    socket.write(
      `PUT ${path}/v1 HTTP/1.1\r\nHost: a\r\nAuthorization: ${basic('root')}\r\nContent-Length: 500\r\n\r\n{"schema`,
    )
    const closed = new Promise((resolve) => socket.once('close', resolve))
    expect(await finished).toMatchObject({ status: 499, bytesIn: 8 })
    await closed
    expect(local.content.size).toBe(0)
  })

  it.each([
    ['remote', 'takes its content from its upstream'],
    ['virtual', 'no default deployment repository'],
  ] as const)('to a %s that takes none is 405 UNSUPPORTED (127)', async (kind, reason) => {
    registry.directory.add(new FakeRepository('closed', { kind }))
    for (const [method, rest] of [
      ['PUT', 'manifests/x'],
      ['DELETE', 'manifests/x'],
      ['POST', 'blobs/uploads/'],
      ['PATCH', 'blobs/uploads/1'],
    ] as const) {
      const answer = await registry.ask(method, `/v2/closed/app/${rest}`)
      expect([answer.status, answer.code]).toEqual([405, 'UNSUPPORTED'])
      expect(answer.bytes.toString()).toContain(reason)
    }
  })
})

describe('a manifest that is deleted', () => {
  it('by tag loses the tag only, with exactly 202 (186)', async () => {
    const digest = local.addManifest('team/app', spaced, mediaTypes.ociManifest, 'a', 'b')
    const answer = await registry.ask('DELETE', `${path}/a`)
    expect([answer.status, answer.bytes.length]).toEqual([202, 0])
    expect((await registry.ask('GET', `${path}/a`)).status).toBe(404)
    for (const reference of ['b', digest]) {
      expect((await registry.ask('GET', `${path}/${reference}`)).status).toBe(200)
    }
  })

  it('by digest is gone at once with all its tags (185)', async () => {
    const digest = local.addManifest('team/app', spaced, mediaTypes.ociManifest, 'a', 'b')
    expect((await registry.ask('DELETE', `${path}/${digest}`)).status).toBe(202)
    for (const reference of ['a', 'b', digest]) {
      expect((await registry.ask('GET', `${path}/${reference}`)).status).toBe(404)
    }
  })

  it('and is not there answers 404 MANIFEST_UNKNOWN (188)', async () => {
    for (const reference of ['a', digestOf(spaced)]) {
      const answer = await registry.ask('DELETE', `${path}/${reference}`)
      expect([answer.status, answer.code]).toEqual([404, 'MANIFEST_UNKNOWN'])
    }
  })
})
