import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Entrepot } from '../support/entrepot.js'
import { FaultyUpstream } from '../support/faulty-upstream.js'
import { noise, sha256 } from '../support/images.js'
import { bodyDigest, errorCodes, expectStatus, withQuery, type Answer } from '../support/registry-client.js'

const octets = { 'content-type': 'application/octet-stream' }
const locationOf = (answer: Answer): string => answer.headers.get('location') ?? ''
const sha512 = (bytes: Buffer): string => `sha512:${createHash('sha512').update(bytes).digest('hex')}`

let entrepot: Entrepot
let upstream: FaultyUpstream
beforeAll(async () => {
  entrepot = await Entrepot.start()
  // The virtual's remote answers "not there": with an upstream that can't be reached that would be a failure.
  upstream = await FaultyUpstream.start()
  await entrepot.createRepository('remote', { rclass: 'remote', url: upstream.url })
  await entrepot.createRepository('through', {
    rclass: 'virtual',
    repositories: ['docker-local', 'remote'],
    defaultDeploymentRepo: 'docker-local',
  })
})
afterAll(async () => {
  await upstream?.stop()
  await entrepot?.dispose()
})

describe.each(['docker-local', 'through'])('an upload to %s', (key) => {
  const name = `${key}/protocol/uploads`
  const send: Entrepot['registry']['send'] = async (...args) => entrepot.registry.send(...args)
  const patch = async (location: string, body: Buffer, range?: string): Promise<Answer> =>
    send('PATCH', location, { headers: { ...octets, ...(range && { 'content-range': range }) }, body })
  const close = async (location: string, digest: string, body?: Buffer): Promise<Answer> =>
    send('PUT', withQuery(location, `digest=${encodeURIComponent(digest)}`), {
      headers: octets,
      ...(body && { body }),
    })
  const expectStored = async (digest: string, bytes: Buffer): Promise<void> => {
    const stored = expectStatus(await entrepot.registry.blob(name, digest), 200)
    expect(sha256(stored.body)).toBe(sha256(bytes))
    expect(stored.headers.get('docker-content-digest')).toBe(digest)
    expect(stored.headers.get('content-length')).toBe(String(bytes.length))
  }

  it('opens a session with all that clients read', async () => {
    for (const path of [`/v2/${name}/blobs/uploads/`, `/v2/${name}/blobs/uploads`]) {
      const opened = expectStatus(await send('POST', path), 202)
      expect(locationOf(opened)).toContain(`/v2/${name}/blobs/uploads/`)
      expect(opened.headers.get('docker-upload-uuid')).not.toBeNull()
      expect(opened.headers.get('range')).toBe('0-0')
      expect(opened.headers.get('content-length')).toBe('0')
      expect(opened.headers.get('docker-distribution-api-version')).toBe('registry/2.0')
    }
  })

  it('may come whole in the closing PUT', async () => {
    const bytes = noise(70_000, `${key}-put`)
    const closed = await close(await entrepot.registry.startUpload(name), sha256(bytes), bytes)
    expectStatus(closed, 201)
    expect(locationOf(closed)).toContain(`/v2/${name}/blobs/${sha256(bytes)}`)
    expect(closed.headers.get('docker-content-digest')).toBe(sha256(bytes))
    await expectStored(sha256(bytes), bytes)
  })

  it('may come whole in the POST', async () => {
    const bytes = noise(70_000, `${key}-post`)
    const path = `/v2/${name}/blobs/uploads/?digest=${encodeURIComponent(sha256(bytes))}`
    expectStatus(await send('POST', path, { headers: octets, body: bytes }), 201)
    await expectStored(sha256(bytes), bytes)

    const wrong = `/v2/${name}/blobs/uploads/?digest=${sha256('something else')}`
    const refused = await send('POST', wrong, { headers: octets, body: bytes })
    expect(refused.status).toBe(400)
    expect(errorCodes(refused)).toEqual(['DIGEST_INVALID'])
  })

  it('may come as one stream', async () => {
    const bytes = noise(70_000, `${key}-stream`)
    const patched = expectStatus(await patch(await entrepot.registry.startUpload(name), bytes), 202)
    expect(patched.headers.get('range')).toBe(`0-${bytes.length - 1}`)
    expect(patched.headers.get('docker-upload-uuid')).not.toBeNull()
    expectStatus(await close(locationOf(patched), sha256(bytes)), 201)
    await expectStored(sha256(bytes), bytes)
  })

  it('may come in chunks, the last one in the PUT', async () => {
    const bytes = noise(90_000, `${key}-chunks`)
    let location = await entrepot.registry.startUpload(name)
    for (const from of [0, 30_000]) {
      const chunk = bytes.subarray(from, from + 30_000)
      const patched = expectStatus(await patch(location, chunk, `${from}-${from + 29_999}`), 202)
      expect(patched.headers.get('range')).toBe(`0-${from + 29_999}`)
      location = locationOf(patched)
    }
    const closed = await send('PUT', withQuery(location, `digest=${sha256(bytes)}`), {
      headers: { ...octets, 'content-range': '60000-89999' },
      body: bytes.subarray(60_000),
    })
    expectStatus(closed, 201)
    await expectStored(sha256(bytes), bytes)
  })

  it('refuses a chunk out of order with 416, and the session lives', async () => {
    const bytes = noise(60_000, `${key}-order`)
    const opened = await entrepot.registry.startUpload(name)
    const early = await patch(opened, bytes.subarray(30_000), '30000-59999')
    expect(early.status).toBe(416)

    const first = expectStatus(await patch(opened, bytes.subarray(0, 30_000), '0-29999'), 202)
    for (const [from, to] of [
      [0, 29_999],
      [20_000, 49_999],
      [40_000, 59_999],
    ] as const) {
      const refused = await patch(locationOf(first), bytes.subarray(from, to + 1), `${from}-${to}`)
      expect(refused.status).toBe(416)
      expect(refused.headers.get('range')).toBe('0-29999')
      expect(refused.headers.get('location')).not.toBeNull()
    }
    const final = await send('PUT', withQuery(locationOf(first), `digest=${sha256(bytes)}`), {
      headers: { ...octets, 'content-range': '45000-59999' },
      body: bytes.subarray(45_000),
    })
    expect(final.status).toBe(416)

    const status = expectStatus(await send('GET', locationOf(first)), 204)
    expect(status.headers.get('range')).toBe('0-29999')
    const last = expectStatus(await patch(locationOf(status), bytes.subarray(30_000), '30000-59999'), 202)
    expectStatus(await close(locationOf(last), sha256(bytes)), 201)
    await expectStored(sha256(bytes), bytes)
  })

  it('refuses a wrong digest and shows nothing', async () => {
    const bytes = noise(5_000, `${key}-wrong`)
    const claimed = sha256(`${key} something else`)
    const location = await entrepot.registry.startUpload(name)
    const refused = await close(location, claimed, bytes)
    expect(refused.status).toBe(400)
    expect(errorCodes(refused)).toEqual(['DIGEST_INVALID'])
    for (const digest of [claimed, sha256(bytes)])
      expect((await entrepot.registry.head(`/v2/${name}/blobs/${digest}`)).status).toBe(404)
    expect((await send('GET', location)).status).toBe(404)
  })

  it.each(['', 'sha256:baddigeststring', 'md5:d41d8cd98f00b204e9800998ecf8427e', `sha256:${'A'.repeat(64)}`])(
    'refuses the digest %j and keeps the session',
    async (digest) => {
      const location = await entrepot.registry.startUpload(name)
      const refused = await close(location, digest, noise(10, 'x'))
      expect(refused.status).toBe(400)
      expect(errorCodes(refused)).toEqual(['DIGEST_INVALID'])
    },
  )

  it('takes sha512 as well, without being told before the end', async () => {
    const bytes = noise(40_000, `${key}-512`)
    const digest = sha512(bytes)
    const put = await close(await entrepot.registry.startUpload(name), digest, bytes)
    expectStatus(put, 201)
    expect(put.headers.get('docker-content-digest')).toBe(digest)
    await expectStored(digest, bytes)

    const streamed = noise(40_000, `${key}-512-stream`)
    const patched = await patch(await entrepot.registry.startUpload(name), streamed)
    expectStatus(await close(locationOf(patched), sha512(streamed)), 201)
    await expectStored(sha512(streamed), streamed)
  })

  it('takes an empty blob and a two-byte one', async () => {
    for (const bytes of [Buffer.alloc(0), Buffer.from('{}')]) {
      expect(await entrepot.registry.pushBlob(name, bytes)).toBe(sha256(bytes))
      await expectStored(sha256(bytes), bytes)
      const head = await entrepot.registry.head(`/v2/${name}/blobs/${sha256(bytes)}`)
      expect(head.headers.get('content-length')).toBe(String(bytes.length))
    }
  })

  it('can be cancelled', async () => {
    const location = await entrepot.registry.startUpload(name)
    expectStatus(await send('DELETE', location), 204)
    for (const method of ['GET', 'DELETE']) {
      const gone = await send(method, location)
      expect(gone.status).toBe(404)
      expect(errorCodes(gone)).toEqual(['BLOB_UPLOAD_UNKNOWN'])
    }
    expect((await patch(location, noise(10, 'x'))).status).toBe(404)
  })

  it('belongs to one name', async () => {
    const location = await entrepot.registry.startUpload(name)
    const other = location.replace('/protocol/uploads/', '/protocol/other/')
    expect(other).not.toBe(location)
    expect((await send('GET', other)).status).toBe(404)
    expect((await patch(other, noise(10, 'x'))).status).toBe(404)
    expect((await send('GET', location)).status).toBe(204)
  })

  it('is not needed where the blob can be mounted', async () => {
    const bytes = noise(50_000, `${key}-mount`)
    const digest = await entrepot.registry.pushBlob(name, bytes)
    const uploads = `/v2/${key}/protocol/mounted/blobs/uploads/`
    const from = await send('POST', `${uploads}?mount=${digest}&from=${name}&origin=somewhere`, {
      headers: { 'content-type': 'application/json' },
    })
    expectStatus(from, 201)
    expect(from.headers.get('docker-content-digest')).toBe(digest)
    expect(locationOf(from)).toContain(`/v2/${key}/protocol/mounted/blobs/${digest}`)
    expect(bodyDigest(await entrepot.registry.blob(`${key}/protocol/mounted`, digest))).toBe(digest)

    const anonymous = `/v2/${key}/protocol/mounted-blindly/blobs/uploads/?mount=${digest}`
    expectStatus(await send('POST', anonymous), 201)

    for (const source of [`${key}/protocol/unknown`, 'no-such-repository/x', 'NOT VALID'])
      for (const missing of [sha256('never pushed')]) {
        const path = `${uploads}?mount=${missing}&from=${encodeURIComponent(source)}`
        expectStatus(await send('POST', path), 202)
      }
  })
})
