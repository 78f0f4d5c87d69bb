import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Entrepot } from '../support/entrepot.js'
import { FaultyUpstream } from '../support/faulty-upstream.js'
import {
  layerOf,
  makeImage,
  makeIndex,
  ociIndex,
  ociManifest,
  sha256,
  type Image,
} from '../support/images.js'
import { bodyDigest, errorCodes, expectStatus, json, type Answer } from '../support/registry-client.js'

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

const nextOf = (answer: Answer): string | undefined =>
  /<([^>]+)>; *rel="?next"?/.exec(answer.headers.get('link') ?? '')?.[1]

/** The image's manifest with other fields in it, and the blobs it had. */
function changed(image: Image, fields: object): Image {
  const manifest = JSON.parse(image.bytes.toString()) as object
  const bytes = Buffer.from(JSON.stringify({ ...manifest, ...fields }))
  return { ...image, bytes, digest: sha256(bytes) }
}

describe.each(['docker-local', 'through'])('content of %s', (key) => {
  const registry = (): Entrepot['registry'] => entrepot.registry

  it('comes back byte for byte, by tag and by digest, with the headers clients need', async () => {
    const name = `${key}/content/exact`
    const image = makeImage('exact')
    const spaced = Buffer.from(JSON.stringify(JSON.parse(image.bytes.toString()), null, 7))
    await registry().pushImage(name, '1', { ...image, bytes: spaced, digest: sha256(spaced) })
    for (const reference of ['1', sha256(spaced)]) {
      const answer = expectStatus(await registry().manifest(name, reference), 200)
      expect(bodyDigest(answer)).toBe(sha256(spaced))
      expect(answer.headers.get('content-type')).toBe(ociManifest)
      expect(answer.headers.get('docker-content-digest')).toBe(sha256(spaced))
      const head = await registry().head(`/v2/${name}/manifests/${reference}`)
      expect(head.headers.get('content-length')).toBe(String(spaced.length))
      expect(head.headers.get('content-type')).toBe(ociManifest)
      const etag = answer.headers.get('etag') ?? ''
      const same = await registry().get(`/v2/${name}/manifests/${reference}`, { 'if-none-match': etag })
      expect(same.status).toBe(304)
    }
  })

  it('answers ranges of a blob', async () => {
    const name = `${key}/content/ranges`
    const image = makeImage('ranges')
    await registry().pushImage(name, '1', image)
    const { digest, bytes } = layerOf(image)
    const total = bytes.length
    for (const [range, from, to] of [
      ['bytes=0-0', 0, 0],
      ['bytes=100-199', 100, 199],
      [`bytes=${total - 5}-`, total - 5, total - 1],
      ['bytes=-7', total - 7, total - 1],
      [`bytes=10-${total * 2}`, 10, total - 1],
    ] as const) {
      const part = await registry().blob(name, digest, { range })
      expect(part.status).toBe(206)
      expect(part.headers.get('content-range')).toBe(`bytes ${from}-${to}/${total}`)
      expect(sha256(part.body)).toBe(sha256(bytes.subarray(from, to + 1)))
    }
    const beyond = await registry().blob(name, digest, { range: `bytes=${total}-` })
    expect(beyond.status).toBe(416)
    expect(beyond.headers.get('content-range')).toBe(`bytes */${total}`)

    const several = await registry().blob(name, digest, { range: 'bytes=0-9,20-29' })
    expect(several.status).toBe(206)
    expect(several.headers.get('content-type')).toMatch(/^multipart\/byteranges; *boundary=/)
    expect(several.body.includes(bytes.subarray(0, 10))).toBe(true)
    expect(several.body.includes(bytes.subarray(20, 30))).toBe(true)
    expect(several.body.toString('latin1')).toContain(`bytes 20-29/${total}`)
  })

  it('takes manifests to 4 MiB and refuses larger ones', async () => {
    const name = `${key}/content/large`
    const image = makeImage('large-manifest')
    const fits = changed(image, { annotations: { padding: 'x'.repeat(4_100_000) } })
    await registry().pushImage(name, 'fits', fits)
    expect(bodyDigest(await registry().manifest(name, 'fits'))).toBe(fits.digest)
    const over = changed(image, { annotations: { padding: 'x'.repeat(4_400_000) } })
    expect((await registry().putManifest(name, 'over', over.bytes, ociManifest)).status).toBe(413)
    expect((await registry().manifest(name, 'over')).status).toBe(404)
  })

  it('holds a manifest under its sha512 digest and under several tags at once', async () => {
    const name = `${key}/content/many`
    const image = makeImage('many')
    await registry().pushImage(name, 'first', image)
    const digest = `sha512:${createHash('sha512').update(image.bytes).digest('hex')}`
    const put = await registry().putManifest(name, `${digest}?tag=a&tag=b`, image.bytes, ociManifest)
    expectStatus(put, 201)
    expect(put.headers.get('docker-content-digest')).toBe(digest)
    expect((put.headers.get('oci-tag') ?? '').split(/, */).toSorted()).toEqual(['a', 'b'])
    const answer = expectStatus(await registry().manifest(name, digest), 200)
    expect(answer.headers.get('docker-content-digest')).toBe(digest)
    for (const tag of ['a', 'b']) expectStatus(await registry().manifest(name, tag), 200)

    const wrong = await registry().putManifest(name, sha256('other'), image.bytes, ociManifest)
    expect(wrong.status).toBe(400)
    expect(errorCodes(wrong)).toEqual(['DIGEST_INVALID'])
  })

  it('refuses manifests that name what is not there, or are none', async () => {
    const name = `${key}/content/refused`
    const image = makeImage(`${key}-never-pushed`)
    const orphan = await registry().putManifest(name, '1', image.bytes, ociManifest)
    expect(orphan.status).toBe(400)
    expect(new Set(errorCodes(orphan))).toEqual(new Set(['MANIFEST_BLOB_UNKNOWN']))
    const both = JSON.stringify({ schemaVersion: 2, mediaType: ociManifest, layers: [], manifests: [] })
    const deep = '['.repeat(100_000)
    for (const body of ['{', 'null', '[]', '"x"', '{"schemaVersion":1}', both, deep]) {
      const refused = await registry().putManifest(name, '1', body, ociManifest)
      expect(refused.status).toBe(400)
      expect(errorCodes(refused)).toEqual(['MANIFEST_INVALID'])
    }
    expect((await registry().manifest(name, '1')).status).toBe(404)
  })

  it('holds a tag until it is deleted, and a digest with all its tags', async () => {
    const name = `${key}/content/deleted`
    const image = makeImage('deleted')
    for (const tag of ['x', 'y', 'z']) await registry().pushImage(name, tag, image)
    expectStatus(await registry().send('DELETE', `/v2/${name}/manifests/x`), 202)
    expect((await registry().manifest(name, 'x')).status).toBe(404)
    expect((await registry().manifest(name, 'y')).status).toBe(200)
    expect(await registry().tags(name)).toEqual(['y', 'z'])
    expectStatus(await registry().send('DELETE', `/v2/${name}/manifests/${image.digest}`), 202)
    for (const gone of ['y', 'z', image.digest])
      expect((await registry().manifest(name, gone)).status).toBe(404)
    expect((await registry().send('DELETE', `/v2/${name}/manifests/${image.digest}`)).status).toBe(404)

    const { digest } = layerOf(image)
    expectStatus(await registry().send('DELETE', `/v2/${name}/blobs/${digest}`), 202)
    expect((await registry().head(`/v2/${name}/blobs/${digest}`)).status).toBe(404)
  })

  it('lists tags in pages', async () => {
    const name = `${key}/content/tagged`
    const image = makeImage('tagged')
    for (const tag of ['b', 'A', 'c', '_1', '10', '9']) await registry().pushImage(name, tag, image)
    const sorted = ['10', '9', 'A', '_1', 'b', 'c']
    expect(await registry().tags(name)).toEqual(sorted)
    const page = await registry().get(`/v2/${name}/tags/list?n=4`)
    expect(json(page)).toEqual({ name, tags: sorted.slice(0, 4) })
    expect(nextOf(page)).toContain(`/v2/${name}/tags/list`)
    const last = await registry().get(nextOf(page) ?? '')
    expect(json(last)).toEqual({ name, tags: sorted.slice(4) })
    expect(last.headers.get('link')).toBeNull()
    for (const [query, tags] of [
      ['last=9', sorted.slice(2)],
      ['last=zzz', []],
      ['n=0', []],
    ] as const)
      expect(json(await registry().get(`/v2/${name}/tags/list?${query}`))).toMatchObject({ tags })
    for (const n of ['-1', '2147483648', 'x']) {
      const answer = await registry().get(`/v2/${name}/tags/list?n=${n}`)
      if (answer.status === 400) expect(errorCodes(answer)).toEqual(['PAGINATION_NUMBER_INVALID'])
      else expect([n, json(answer)]).toEqual(['2147483648', { name, tags: sorted }])
    }
    expect((await registry().get(`/v2/${key}/content/untagged/tags/list`)).status).toBe(404)
  })

  it('lists referrers, filtered and without the deleted', async () => {
    const name = `${key}/content/referred`
    const image = makeImage('referred')
    const descriptor = { mediaType: ociManifest, digest: image.digest, size: image.bytes.length }
    const unknown = await registry().get(`/v2/${key}/content/never/referrers/${image.digest}`)
    expect(json(expectStatus(unknown, 200))).toMatchObject({ schemaVersion: 2, manifests: [] })
    expect(unknown.headers.get('content-type')).toBe(ociIndex)

    const annotations = { 'org.example.note': 'kept' }
    const sbom = changed(makeImage('sbom'), { artifactType: 'a/sbom', subject: descriptor, annotations })
    const signed = changed(makeImage('sig'), { artifactType: 'a/signature+json', subject: descriptor })
    const list = changed(makeIndex('list'), { artifactType: 'a/list', subject: descriptor })
    for (const [i, referrer] of [sbom, signed, list].entries()) {
      for (const bytes of referrer.blobs.values()) await registry().pushBlob(name, bytes)
      for (const child of referrer.children) await registry().pushImage(name, child.digest, child)
      const reference = i === 0 ? 'tagged' : referrer.digest
      const put = await registry().putManifest(name, reference, referrer.bytes, referrer.mediaType)
      expect(expectStatus(put, 201).headers.get('oci-subject')).toBe(image.digest)
    }
    const listed = async (query = ''): Promise<{ digest: string; artifactType: string }[]> => {
      const answer = await registry().get(`/v2/${name}/referrers/${image.digest}${query}`)
      expect(answer.headers.get('oci-filters-applied')).toBe(query === '' ? null : 'artifactType')
      return (json(expectStatus(answer, 200)) as { manifests: { digest: string; artifactType: string }[] })
        .manifests
    }
    expect(new Set((await listed()).map((one) => one.digest))).toEqual(
      new Set([sbom.digest, signed.digest, list.digest]),
    )
    expect(await listed('?artifactType=a/sbom')).toMatchObject([
      { digest: sbom.digest, artifactType: 'a/sbom', size: sbom.bytes.length, annotations },
    ])
    expect(await listed('?artifactType=a/signature%2Bjson')).toHaveLength(1)
    expect(await listed('?artifactType=a/signature+json')).toHaveLength(1)
    await registry().send('DELETE', `/v2/${name}/manifests/${sbom.digest}`)
    expect(await listed()).toHaveLength(2)
    expect((await registry().get(`/v2/${name}/referrers/sha256:short`)).status).toBe(400)
  })

  it('is found under names that look like routes', async () => {
    const image = makeImage('routes')
    for (const rest of ['manifests/manifests', 'tags/list/x', 'blobs/uploads/y', 'referrers/a']) {
      await registry().pushImage(`${key}/${rest}`, 'latest', image)
      expect(bodyDigest(await registry().manifest(`${key}/${rest}`, 'latest'))).toBe(image.digest)
    }
  })

  it('is not reached by malformed names, tags and digests, nor by leaving its folder', async () => {
    for (const path of [
      `/v2/${key}/UPPER/manifests/1`,
      `/v2/${key}/a..b/manifests/1`,
      `/v2/${key}/-a/manifests/1`,
      `/v2/${key}/a/manifests/.hidden`,
      `/v2/${key}/a/manifests/${'t'.repeat(129)}`,
      `/v2/${key}/a/manifests/sha256:baddigeststring`,
      `/v2/${key}/a/blobs/sha256:baddigeststring`,
      `/v2/${key}/a/blobs/sha256:%2e%2e%2f%2e%2e%2fetc%2fpasswd`,
      `/v2/${key}/%2e%2e%2f%2e%2e%2fetc/manifests/passwd`,
      `/v2/${key}/a%00b/manifests/1`,
      `/v2/${key}/a/manifests/%00`,
      `/v2/..%2f${key}/a/manifests/1`,
      `/v2/${key}/a/blobs/uploads/..%2f..%2fx`,
      `/v2/${key}/a/manifests/%zz`,
    ]) {
      const answer = await registry().get(path)
      expect([path, answer.status === 400 || answer.status === 404]).toEqual([path, true])
      expect(errorCodes(answer)).toHaveLength(1)
      expect(answer.headers.get('content-type')).toBe('application/json')
    }
    expect((await registry().get('/v2/')).status).toBe(200)
  })
})
