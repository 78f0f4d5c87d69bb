import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Entrepot } from '../support/entrepot.js'
import { makeImage } from '../support/images.js'
import { bodyDigest, expectStatus, json } from '../support/registry-client.js'
import { honestFailures, RemoteFixture } from '../support/remote-fixture.js'

const answeredBy = 'x-artifactory-docker-registry'
let made = 0

describe('a virtual repository', () => {
  let entrepot: Entrepot
  let first: RemoteFixture
  let second: RemoteFixture
  let local: string
  let key: string

  beforeAll(async () => {
    entrepot = await Entrepot.start()
  })
  beforeEach(async () => {
    made += 1
    local = `local-${made}`
    key = `virtual-${made}`
    const always = { retrievalCachePeriodSecs: 0, missedRetrievalCachePeriodSecs: 0 }
    first = await RemoteFixture.create(entrepot, always)
    second = await RemoteFixture.create(entrepot, always)
    await entrepot.createRepository(local, { rclass: 'local' })
    await entrepot.createRepository(key, {
      rclass: 'virtual',
      repositories: [local, first.key, second.key],
      defaultDeploymentRepo: local,
    })
  })
  afterEach(async () => {
    await Promise.all([first.upstream.stop(), second.upstream.stop()])
  })
  afterAll(async () => {
    await entrepot?.dispose()
  })

  it('asks its members in the listed order', async () => {
    const { registry } = entrepot
    const [ours, theirs, last] = [makeImage('ours'), makeImage('theirs'), makeImage('last')]
    first.upstream.add('lib/app', '1', theirs)
    second.upstream.add('lib/app', '1', last)
    const fromFirst = await registry.manifest(`${key}/lib/app`, '1')
    expect(bodyDigest(fromFirst)).toBe(theirs.digest)
    expect(fromFirst.headers.get(answeredBy)).toBe(first.key)

    await registry.pushImage(`${key}/lib/app`, '1', ours)
    const fromLocal = await registry.manifest(`${key}/lib/app`, '1')
    expect(bodyDigest(fromLocal)).toBe(ours.digest)
    expect(fromLocal.headers.get(answeredBy)).toBe(local)
  })

  it('asks a member with priority before the others, and no other one for an image it has', async () => {
    const { registry } = entrepot
    const [ours, preferred] = [makeImage('ours'), makeImage('preferred')]
    await entrepot.createRepository(`${local}-first`, { rclass: 'local', priorityResolution: true })
    await entrepot.createRepository(`${key}-p`, {
      rclass: 'virtual',
      repositories: [local, first.key, `${local}-first`],
    })
    await registry.pushImage(`${local}/lib/app`, '1', ours)
    await registry.pushImage(`${local}-first/lib/app`, '1', preferred)
    expect(bodyDigest(await registry.manifest(`${key}-p/lib/app`, '1'))).toBe(preferred.digest)
  })

  it('passes over a failing remote for an image that was never served from it', async () => {
    const image = makeImage('from-second')
    first.upstream.faults = { status: { code: 503 } }
    second.upstream.add('lib/other', '1', image)
    const answer = expectStatus(await entrepot.registry.manifest(`${key}/lib/other`, '1'), 200)
    expect(bodyDigest(answer)).toBe(image.digest)
    expect(answer.headers.get(answeredBy)).toBe(second.key)
  })

  it('does not let an outage swap the origin of an image that was served before', async () => {
    const { registry } = entrepot
    const [genuine, impostor] = [makeImage('genuine'), makeImage('impostor')]
    first.upstream.add('lib/app', '1', genuine)
    first.upstream.add('lib/app', '2', makeImage('genuine-2'))
    second.upstream.add('lib/app', '1', impostor)
    second.upstream.add('lib/app', '2', impostor)
    expect(bodyDigest(await registry.manifest(`${key}/lib/app`, '1'))).toBe(genuine.digest)

    first.upstream.faults = { status: { code: 503 } }
    const cached = expectStatus(await registry.manifest(`${key}/lib/app`, '1'), 200)
    expect(bodyDigest(cached)).toBe(genuine.digest)
    expect(cached.headers.get('x-entrepot-cache')).toBe('stale')
    expect(honestFailures).toContain((await registry.manifest(`${key}/lib/app`, '2')).status)
  })

  it('answers with the failure, not with 404, when nobody has it and a member failed', async () => {
    const { registry } = entrepot
    first.upstream.faults = { status: { code: 503 } }
    expect(honestFailures).toContain((await registry.manifest(`${key}/lib/nowhere`, '1')).status)
    first.upstream.faults = {}
    expect((await registry.manifest(`${key}/lib/nowhere`, '1')).status).toBe(404)
  })

  it('merges tag lists page by page, and warns of an incomplete one', async () => {
    const { registry } = entrepot
    for (const tag of ['a', 'd']) await registry.pushImage(`${local}/lib/app`, tag, makeImage(tag))
    for (const tag of ['b', 'd']) first.upstream.add('lib/app', tag, makeImage(tag))
    second.upstream.add('lib/app', 'c', makeImage('c'))

    const whole = await registry.get(`/v2/${key}/lib/app/tags/list`)
    expect(json(whole)).toEqual({ name: `${key}/lib/app`, tags: ['a', 'b', 'c', 'd'] })
    expect(whole.headers.get('warning')).toBeNull()
    const collected: string[] = []
    let next: string | undefined = `/v2/${key}/lib/app/tags/list?n=1`
    while (next !== undefined && collected.length < 10) {
      const page = expectStatus(await registry.get(next), 200)
      collected.push(...(json(page) as { tags: string[] }).tags)
      next = /<([^>]+)>/.exec(page.headers.get('link') ?? '')?.[1]
    }
    expect(collected).toEqual(['a', 'b', 'c', 'd'])

    second.upstream.faults = { status: { code: 503 } }
    const partial = expectStatus(await registry.get(`/v2/${key}/lib/app/tags/list`), 200)
    expect((json(partial) as { tags: string[] }).tags).toEqual(expect.arrayContaining(['a', 'd']))
    expect(partial.headers.get('warning')).toMatch(/^299 /)
  })

  it('holds virtual repositories as members, and refuses a cycle', async () => {
    const { registry } = entrepot
    const image = makeImage('nested')
    await entrepot.createRepository(`${key}-outer`, { rclass: 'virtual', repositories: [key] })
    await registry.pushImage(`${local}/lib/nested`, '1', image)
    const answer = expectStatus(await registry.manifest(`${key}-outer/lib/nested`, '1'), 200)
    expect(bodyDigest(answer)).toBe(image.digest)
    expect(answer.headers.get(answeredBy)).toBe(local)

    const cycle = await entrepot.putRepository(key, {
      rclass: 'virtual',
      repositories: [local, `${key}-outer`],
    })
    expect(cycle.status).toBe(400)
    expect(await cycle.text()).toContain(`${key}-outer`)
    expect(bodyDigest(await registry.manifest(`${key}/lib/nested`, '1'))).toBe(image.digest)
  })

  it('shows only what its patterns and those of its members let through', async () => {
    const { registry } = entrepot
    await registry.pushImage(`${local}/open/app`, '1', makeImage('open'))
    await registry.pushImage(`${local}/secret/app`, '1', makeImage('secret'))
    await entrepot.createRepository(`${key}-narrow`, {
      rclass: 'virtual',
      repositories: [local],
      excludesPattern: 'secret/**',
    })
    expect((await registry.manifest(`${key}-narrow/open/app`, '1')).status).toBe(200)
    expect((await registry.manifest(`${key}-narrow/secret/app`, '1')).status).toBe(404)
    expect((await registry.manifest(`${local}/secret/app`, '1')).status).toBe(200)

    const guarded = await RemoteFixture.create(entrepot, { includesPattern: 'vendor/**' })
    guarded.upstream.add('vendor/app', '1', makeImage('vendor'))
    guarded.upstream.add('other/app', '1', makeImage('other'))
    await entrepot.createRepository(`${key}-guarded`, { rclass: 'virtual', repositories: [guarded.key] })
    expect((await registry.manifest(`${key}-guarded/vendor/app`, '1')).status).toBe(200)
    expect((await registry.manifest(`${key}-guarded/other/app`, '1')).status).toBe(404)
    expect(guarded.upstream.count('GET', 'other/app') + guarded.upstream.count('HEAD', 'other/app')).toBe(0)
    await guarded.upstream.stop()
  })

  it('refuses a push when it has nowhere to put it', async () => {
    await entrepot.createRepository(`${key}-read`, { rclass: 'virtual', repositories: [local] })
    const { registry } = entrepot
    const upload = await registry.send('POST', `/v2/${key}-read/lib/app/blobs/uploads/`)
    expect([403, 405]).toContain(upload.status)
    const image = makeImage('nowhere')
    const put = await registry.putManifest(`${key}-read/lib/app`, '1', image.bytes, image.mediaType)
    expect([403, 405]).toContain(put.status)
  })

  it('keeps taking pushes while its remotes are down', async () => {
    const image = makeImage('pushed-in-an-outage')
    first.upstream.faults = { status: { code: 503 } }
    second.upstream.faults = { status: { code: 503 } }
    await entrepot.registry.pushImage(`${key}/lib/pushed`, '1', image)
    expect(bodyDigest(await entrepot.registry.manifest(`${key}/lib/pushed`, '1'))).toBe(image.digest)
  })

  it('lists the images of its members in its own catalog coordinates', async () => {
    const { registry } = entrepot
    await registry.pushImage(`${local}/lib/listed`, '1', makeImage('listed'))
    const names: string[] = []
    let next: string | undefined = '/v2/_catalog?n=100'
    while (next !== undefined && names.length < 10_000) {
      const page = expectStatus(await registry.get(next), 200)
      names.push(...(json(page) as { repositories: string[] }).repositories)
      next = /<([^>]+)>/.exec(page.headers.get('link') ?? '')?.[1]
    }
    expect(names).toContain(`${local}/lib/listed`)
    expect(names).toContain(`${key}/lib/listed`)
    expect(names).toEqual([...new Set(names)].toSorted())
  })
})
