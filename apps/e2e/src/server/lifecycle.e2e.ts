import { mkdir } from 'node:fs/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { adminPassword, Entrepot } from '../support/entrepot.js'
import { FaultyUpstream } from '../support/faulty-upstream.js'
import { layerOf, makeImage, noise, sha256 } from '../support/images.js'
import {
  bodyDigest,
  errorCodes,
  expectStatus,
  json,
  Registry,
  withQuery,
} from '../support/registry-client.js'
import { requirePart } from '../support/parts.js'
import { succeed } from '../support/processes.js'

describe('the server', () => {
  let entrepot: Entrepot | undefined
  const started = async (options?: { env: Record<string, string> }): Promise<Entrepot> => {
    entrepot = await Entrepot.start(options)
    return entrepot
  }

  afterEach(async () => {
    const last = entrepot
    entrepot = undefined
    await last?.dispose()
  })

  it('makes three repositories at the first start and lets nobody in without a login', async () => {
    const server = await started()
    const listed = await server.registry.get('/artifactory/api/repositories')
    const keys = (json(listed) as { key: string; type: string }[]).map((one) => `${one.key} ${one.type}`)
    expect(keys.toSorted()).toEqual(['docker VIRTUAL', 'docker-hub REMOTE', 'docker-local LOCAL'])

    for (const path of ['/v2/', '/v2/_catalog', '/v2/docker/a/tags/list', '/artifactory/api/repositories'])
      expect((await server.anonymous.get(path)).status).toBe(401)
    const intruder = new Registry(server.url, { user: 'admin', password: 'password' })
    expect((await intruder.get('/v2/')).status).toBe(401)
    expect((await server.anonymous.get('/healthz')).status).toBe(200)
    expect(server.output).not.toContain(adminPassword)
  })

  it('makes no repositories when told so', async () => {
    const server = await started({ env: { ENTREPOT_BOOTSTRAP: 'none' } })
    expect(json(await server.registry.get('/artifactory/api/repositories'))).toEqual([])
  })

  it('keeps everything over a restart, and an upload goes on where it stopped', async () => {
    const server = await started()
    const image = makeImage('kept')
    await server.registry.pushImage('docker/team/kept', '1', image)
    const bytes = noise(900_000, 'resumed')
    const location = await server.registry.startUpload('docker/team/resumed')
    const first = await sendChunk(server.registry, location, bytes, 0, 500_000)
    expect(first.headers.get('range')).toBe('0-499999')

    const stopped = await server.stop()
    expect(stopped).toBe(0)
    expect(await server.postgresPid()).toBeUndefined()
    await server.restart()

    expect(bodyDigest(await server.registry.manifest('docker/team/kept', '1'))).toBe(image.digest)
    const asked = expectStatus(await server.registry.get(first.headers.get('location') ?? ''), 204)
    expect(asked.headers.get('range')).toBe('0-499999')
    const next = asked.headers.get('location') ?? ''
    const second = await sendChunk(server.registry, next, bytes, 500_000, 900_000)
    const closing = withQuery(second.headers.get('location') ?? '', `digest=${sha256(bytes)}`)
    expectStatus(await server.registry.send('PUT', closing), 201)
    expect(bodyDigest(await server.registry.blob('docker/team/resumed', sha256(bytes)))).toBe(sha256(bytes))
  })

  it('recovers from kill -9 with all it had acknowledged', async () => {
    const server = await started()
    const image = makeImage('survivor', 2_000_000)
    await server.registry.pushImage('docker/team/survivor', '1', image)
    const lost = noise(300_000, 'lost')
    const location = await server.registry.startUpload('docker/team/lost')
    await sendChunk(server.registry, location, lost, 0, lost.length)

    await server.kill()
    await server.restart()
    expect(bodyDigest(await server.registry.manifest('docker/team/survivor', '1'))).toBe(image.digest)
    for (const digest of image.blobs.keys())
      expect(bodyDigest(await server.registry.blob('docker/team/survivor', digest))).toBe(digest)
    // No half blob shows itself as a whole one.
    expect((await server.registry.blob('docker-local/team/lost', sha256(lost))).status).toBe(404)
    await server.registry.pushImage('docker/team/after', '1', makeImage('after'))
  })

  it('finishes a running download before it stops', async () => {
    const server = await started()
    const upstream = await FaultyUpstream.start()
    try {
      await server.createRepository('slow', { rclass: 'remote', url: upstream.url })
      const image = makeImage('finishing', 800_000)
      const { digest } = layerOf(image)
      upstream.add('lib/app', '1', image)
      upstream.faults = { drip: { bytes: 100_000, everyMs: 150 } }
      const answer = await server.registry.open('GET', `/v2/slow/lib/app/blobs/${digest}`)
      const stopping = server.stop(30_000)
      expect(sha256(Buffer.from(await answer.arrayBuffer()))).toBe(digest)
      expect(await stopping).toBe(0)
    } finally {
      await upstream.stop()
    }
  })

  it('counts requests, bytes, cache answers and upstream calls', async () => {
    const server = await started()
    const upstream = await FaultyUpstream.start()
    try {
      await server.createRepository('counted', { rclass: 'remote', url: upstream.url })
      upstream.add('lib/app', '1', makeImage('counted'))
      expectStatus(await server.registry.manifest('counted/lib/app', '1'), 200)
      expectStatus(await server.registry.manifest('counted/lib/app', '1'), 200)
      const metrics = (await server.registry.get('/metrics')).body.toString()
      for (const part of [/requests/, /bytes/, /cache.*hit/, /cache.*miss/, /upstream.*200/, /uploads/])
        expect(metrics).toMatch(part)
    } finally {
      await upstream.stop()
    }
  })

  it('logs JSON lines, each request with an id', async () => {
    const server = await started()
    const answer = await server.registry.manifest('docker-local/team/logged', '1')
    expect(answer.status).toBe(404)
    expect(errorCodes(answer)).toEqual(['MANIFEST_UNKNOWN'])
    expect(await server.logged(answer)).toMatchObject({ principal: 'admin', method: 'GET', status: 404 })
    for (const line of server.output.split('\n').filter((one) => one.startsWith('{')))
      expect(JSON.parse(line)).toMatchObject({ level: expect.any(String) as string })
  })

  it.each([
    ['ENTREPOT_LISTEN', 'nowhere'],
    ['ENTREPOT_LOG_LEVEL', 'loud'],
    ['ENTREPOT_ADMIN_PASSWORD', 'password'],
    ['ENTREPOT_ADMIN_PASSWORD', 'admin'],
    ['ENTREPOT_DATABASE_URL', 'mysql://localhost/x'],
    ['ENTREPOT_PUBLIC_URL', 'not a url'],
  ])('refuses to start with %s=%s, and names the setting', async (setting, value) => {
    const failure = await Entrepot.start({ env: { [setting]: value } }).then(
      async (server) => {
        await server.dispose()
        return 'it started'
      },
      (error: unknown) => (error as Error).message,
    )
    expect(failure).toContain('ended while starting')
    expect(failure).toContain(setting)
  })

  it.skipIf(!requirePart('root'))(
    'says that the disk is full, keeps no half blob and goes on serving reads',
    async () => {
      const server = await started()
      const image = makeImage('before')
      await server.registry.pushImage('docker/team/before', '1', image)
      await server.stop()

      // The blob folder moves to a tiny file system; the database stays where it is.
      const small = `${server.dataFolder}/blobs`
      await mkdir(small, { recursive: true })
      await succeed('cp', ['-a', small, `${small}.kept`])
      await succeed('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', small])
      try {
        await succeed('cp', ['-a', `${small}.kept/.`, small])
        await server.restart()
        const large = noise(12_000_000, 'too-large')
        const location = await server.registry.startUpload('docker/team/large')
        const put = await server.registry
          .send('PUT', withQuery(location, `digest=${sha256(large)}`), { body: large })
          .catch(() => undefined)
        expect(put === undefined || put.status >= 400).toBe(true)
        expect((await server.registry.blob('docker-local/team/large', sha256(large))).status).toBe(404)
        expect(bodyDigest(await server.registry.manifest('docker/team/before', '1'))).toBe(image.digest)
        const layer = layerOf(image).digest
        expect(bodyDigest(await server.registry.blob('docker/team/before', layer))).toBe(layer)
        // A cancelled upload gives back what it had taken.
        expectStatus(await server.registry.send('DELETE', location), 204)
        await server.registry.pushImage('docker/team/small', '1', makeImage('small', 500_000))
      } finally {
        await server.stop()
        await succeed('umount', ['-l', small])
      }
    },
  )
})

async function sendChunk(
  registry: Registry,
  location: string,
  bytes: Buffer,
  from: number,
  to: number,
): Promise<Awaited<ReturnType<Registry['send']>>> {
  const answer = await registry.send('PATCH', location, {
    headers: { 'content-range': `${from}-${to - 1}`, 'content-type': 'application/octet-stream' },
    body: bytes.subarray(from, to),
  })
  return expectStatus(answer, 202)
}
