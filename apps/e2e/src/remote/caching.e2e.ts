import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Entrepot } from '../support/entrepot.js'
import { layerOf, makeImage, makeIndex, ociIndex, sha256 } from '../support/images.js'
import { bodyDigest, expectStatus, json } from '../support/registry-client.js'
import { RemoteFixture } from '../support/remote-fixture.js'
import { eventually } from '../support/workplace.js'

const cacheState = 'x-entrepot-cache'

describe('a remote repository', () => {
  let entrepot: Entrepot
  let remote: RemoteFixture

  beforeAll(async () => {
    entrepot = await Entrepot.start()
  })
  beforeEach(async () => {
    remote = await RemoteFixture.create(entrepot)
  })
  afterEach(async () => {
    await remote.upstream.stop()
  })
  afterAll(async () => {
    await entrepot?.dispose()
  })

  it('asks the upstream nothing for a fresh tag, a cached digest or a cached blob', async () => {
    const { registry } = entrepot
    const { key, upstream } = remote
    const image = makeImage('fresh')
    upstream.add('lib/app', '1', image)
    const name = `${key}/lib/app`
    const layer = layerOf(image)

    const cold = expectStatus(await registry.manifest(name, '1'), 200)
    expect(bodyDigest(cold)).toBe(image.digest)
    expect(cold.headers.get(cacheState)).toBe('miss')
    expect(cold.headers.get('x-artifactory-docker-registry')).toBe(key)
    expect(bodyDigest(expectStatus(await registry.blob(name, layer.digest), 200))).toBe(layer.digest)

    await eventually('the blob is kept', async () => {
      const answer = await registry.blob(name, layer.digest)
      return answer.headers.get(cacheState) === 'hit'
    })
    upstream.forgetRequests()
    const again = await registry.manifest(name, '1')
    expect(again.headers.get(cacheState)).toBe('hit')
    expect(bodyDigest(await registry.manifest(name, image.digest))).toBe(image.digest)
    expect(bodyDigest(await registry.blob(name, layer.digest))).toBe(layer.digest)
    expect((await registry.head(`/v2/${name}/blobs/${layer.digest}`)).status).toBe(200)
    expect(upstream.seen).toEqual([])
  })

  it('revalidates an old tag with HEAD, and fetches it only when it moved', async () => {
    const { registry } = entrepot
    const old = await RemoteFixture.create(entrepot, { retrievalCachePeriodSecs: 0 })
    try {
      const first = makeImage('moving-1')
      const second = makeImage('moving-2')
      old.upstream.add('lib/app', 'latest', first)
      const name = `${old.key}/lib/app`
      expect(bodyDigest(await registry.manifest(name, 'latest'))).toBe(first.digest)

      old.upstream.forgetRequests()
      const same = await registry.manifest(name, 'latest')
      expect(same.headers.get(cacheState)).toBe('revalidated')
      expect(old.upstream.count('HEAD', '/manifests/latest')).toBe(1)
      expect(old.upstream.count('GET', '/manifests/')).toBe(0)

      old.upstream.add('lib/app', 'latest', second)
      expect(bodyDigest(await registry.manifest(name, 'latest'))).toBe(second.digest)
      // What was served once stays, by digest.
      expect(bodyDigest(await registry.manifest(name, first.digest))).toBe(first.digest)
    } finally {
      await old.upstream.stop()
    }
  })

  it('fetches a cold blob once for many readers at a time', async () => {
    const { registry } = entrepot
    const { key, upstream } = remote
    const image = makeImage('crowd', 1_000_000)
    const { digest } = layerOf(image)
    upstream.add('lib/app', '1', image)
    upstream.faults = { drip: { bytes: 100_000, everyMs: 50 } }

    const readers = await Promise.all(
      Array.from({ length: 8 }, async () => registry.blob(`${key}/lib/app`, digest)),
    )
    expect(readers.map(bodyDigest)).toEqual(readers.map(() => digest))
    expect(upstream.count('GET', `/blobs/${digest}`)).toBe(1)
  })

  it('sends a cold blob on while it is still arriving', async () => {
    const { key, upstream } = remote
    const image = makeImage('streamed', 1_000_000)
    const { digest, bytes } = layerOf(image)
    upstream.add('lib/app', '1', image)
    upstream.faults = { drip: { bytes: 50_000, everyMs: 100 } }

    const response = await entrepot.registry.open('GET', `/v2/${key}/lib/app/blobs/${digest}`)
    expect(response.headers.get('content-length')).toBe(String(bytes.length))
    const arrivals: { at: number; chunk: Uint8Array }[] = []
    for await (const chunk of response.body ?? []) arrivals.push({ at: performance.now(), chunk })
    expect(sha256(Buffer.concat(arrivals.map((one) => one.chunk)))).toBe(digest)
    // Twenty drips of 100 ms: a server that waits for the end sends all within a moment.
    expect((arrivals.at(-1)?.at ?? 0) - (arrivals[0]?.at ?? 0)).toBeGreaterThan(1000)
  })

  it('goes on with a fetch whose only reader has left', async () => {
    const { registry } = entrepot
    const { key, upstream } = remote
    const image = makeImage('deserted', 1_000_000)
    const { digest } = layerOf(image)
    upstream.add('lib/app', '1', image)
    upstream.faults = { drip: { bytes: 100_000, everyMs: 100 } }

    const leaving = new AbortController()
    const path = `/v2/${key}/lib/app/blobs/${digest}`
    const response = await registry.open('GET', path, { signal: leaving.signal })
    await response.body?.getReader().read()
    leaving.abort()

    await eventually('the blob is kept', async () => {
      const answer = await registry.head(path)
      return answer.headers.get(cacheState) === 'hit'
    })
    expect(bodyDigest(await registry.get(path))).toBe(digest)
    expect(upstream.count('GET', `/blobs/${digest}`)).toBe(1)
  })

  it('honours a range of a cold blob, and of a cached one', async () => {
    const { registry } = entrepot
    const { key, upstream } = remote
    const image = makeImage('ranged', 300_000)
    const { digest, bytes } = layerOf(image)
    upstream.add('lib/app', '1', image)

    const range = { range: 'bytes=100000-100999' }
    const cold = await registry.blob(`${key}/lib/app`, digest, range)
    expect(cold.status).toBe(206)
    expect(cold.headers.get('content-range')).toBe(`bytes 100000-100999/${bytes.length}`)
    expect(sha256(cold.body)).toBe(sha256(bytes.subarray(100_000, 101_000)))

    expect(bodyDigest(await registry.blob(`${key}/lib/app`, digest))).toBe(digest)
    const warm = await registry.blob(`${key}/lib/app`, digest, { range: 'bytes=-10' })
    expect(warm.status).toBe(206)
    expect(sha256(warm.body)).toBe(sha256(bytes.subarray(-10)))
  })

  it('answers HEAD of a cold blob with its size and fetches nothing for it', async () => {
    const { key, upstream } = remote
    const image = makeImage('headed')
    const { digest, bytes } = layerOf(image)
    upstream.add('lib/app', '1', image)

    const head = await entrepot.registry.head(`/v2/${key}/lib/app/blobs/${digest}`)
    expect(head.status).toBe(200)
    expect(head.headers.get('content-length')).toBe(String(bytes.length))
    expect(upstream.count('GET', '/blobs/')).toBe(0)
  })

  it('remembers for a while that something is not there', async () => {
    const { registry } = entrepot
    const { key, upstream } = remote
    expect((await registry.manifest(`${key}/lib/absent`, '1')).status).toBe(404)
    upstream.forgetRequests()
    expect((await registry.manifest(`${key}/lib/absent`, '1')).status).toBe(404)
    expect(upstream.seen).toEqual([])
  })

  it('fetches the children of an index when they are asked for', async () => {
    const { registry } = entrepot
    const { key, upstream } = remote
    const index = makeIndex('lazy')
    upstream.add('lib/multi', '1', index)

    const answer = expectStatus(await registry.manifest(`${key}/lib/multi`, '1'), 200)
    expect(answer.headers.get('content-type')).toBe(ociIndex)
    expect(bodyDigest(answer)).toBe(index.digest)
    const [first, second] = index.children.map((child) => child.digest)
    expect(upstream.count('GET', `/manifests/${first}`)).toBe(0)
    expect(bodyDigest(await registry.manifest(`${key}/lib/multi`, second ?? ''))).toBe(second)
    expect(upstream.count('GET', `/manifests/${first}`)).toBe(0)
  })

  it('asks for every manifest type and for unchanged bytes', async () => {
    const { key, upstream } = remote
    upstream.add('lib/app', '1', makeImage('asked'))
    expectStatus(await entrepot.registry.manifest(`${key}/lib/app`, '1'), 200)

    const asked = upstream.seen.filter((one) => one.path.includes('/manifests/'))
    expect(asked.length).toBeGreaterThan(0)
    for (const one of asked) {
      for (const type of ['oci.image.manifest.v1', 'oci.image.index.v1', 'manifest.v2', 'manifest.list.v2'])
        expect(one.accept).toContain(type)
      expect(one.acceptEncoding ?? 'identity').toBe('identity')
    }
  })

  it('lists the tags of the upstream under its own name, page by page', async () => {
    const { registry } = entrepot
    const { key, upstream } = remote
    for (const tag of ['c', 'a', 'b']) upstream.add('lib/app', tag, makeImage(tag))

    const whole = json(await registry.get(`/v2/${key}/lib/app/tags/list`))
    expect(whole).toEqual({ name: `${key}/lib/app`, tags: ['a', 'b', 'c'] })
    const page = await registry.get(`/v2/${key}/lib/app/tags/list?n=2`)
    expect(json(page)).toMatchObject({ tags: ['a', 'b'] })
    const next = /<([^>]+)>; *rel="?next"?/.exec(page.headers.get('link') ?? '')?.[1] ?? ''
    expect(next).toContain(`/v2/${key}/lib/app/tags/list`)
    expect(json(await registry.get(next))).toMatchObject({ tags: ['c'] })
  })

  it('takes no pushes', async () => {
    const answer = await entrepot.registry.send('POST', `/v2/${remote.key}/lib/app/blobs/uploads/`)
    expect([403, 405]).toContain(answer.status)
    expect(remote.upstream.seen).toEqual([])
  })
})
