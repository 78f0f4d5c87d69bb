import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { adminPassword, Entrepot } from '../support/entrepot.js'
import { FaultyUpstream } from '../support/faulty-upstream.js'
import { makeImage, noise, sha256 } from '../support/images.js'
import { bodyDigest, expectStatus, json, withQuery } from '../support/registry-client.js'

interface HostedAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

const basic = `Basic ${Buffer.from(`admin:${adminPassword}`).toString('base64')}`

describe('a repository', () => {
  let entrepot: Entrepot
  let upstream: FaultyUpstream
  const image = makeImage('addressed')

  beforeAll(async () => {
    entrepot = await Entrepot.start({ env: { ENTREPOT_DEFAULT_REPOSITORY: 'through' } })
    upstream = await FaultyUpstream.start()
    await entrepot.createRepository('remote', { rclass: 'remote', url: upstream.url })
    await entrepot.createRepository('through', {
      rclass: 'virtual',
      repositories: ['docker-local', 'remote'],
      defaultDeploymentRepo: 'docker-local',
    })
    await entrepot.registry.pushImage('docker-local/team/app', '1', image)
  })
  afterAll(async () => {
    await upstream?.stop()
    await entrepot?.dispose()
  })

  /** As a client whose DNS has a name for the server: only the Host header tells. */
  const sendTo = async (
    host: string,
    method: string,
    path: string,
    authorization: string | null = basic,
    body?: Buffer,
  ): Promise<HostedAnswer> =>
    new Promise((resolve, reject) => {
      const headers = { host, ...(authorization === null ? {} : { authorization }) }
      const outgoing = request(
        { host: '127.0.0.1', port: entrepot.port, method, path, headers, timeout: 30_000 },
        (incoming) => {
          const chunks: Buffer[] = []
          incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
          incoming.on('end', () =>
            resolve({
              status: incoming.statusCode ?? 0,
              headers: incoming.headers,
              body: Buffer.concat(chunks).toString(),
            }),
          )
        },
      )
      outgoing.on('error', reject)
      outgoing.end(body)
    })

  it.each([
    ['its key in the path', '/v2/docker-local/team/app'],
    ['a virtual repository over it', '/v2/through/team/app'],
    ['the prefix that Artifactory uses', '/artifactory/api/docker/docker-local/v2/team/app'],
    ['the default repository', '/v2/team/app'],
  ])('is reached by %s', async (_, base) => {
    const answer = expectStatus(await entrepot.registry.get(`${base}/manifests/1`), 200)
    expect(bodyDigest(answer)).toBe(image.digest)
    const listed = await entrepot.registry.get(`${base}/tags/list?n=1`)
    expect((json(listed) as { tags: string[] }).tags).toEqual(['1'])
  })

  it('is reached by the first label of the host', async () => {
    const host = `docker-local.registry.example:${entrepot.port}`
    const answer = await sendTo(host, 'GET', '/v2/team/app/manifests/1')
    expect(answer.status).toBe(200)
    expect(sha256(answer.body)).toBe(image.digest)

    const challenge = (await sendTo(host, 'GET', '/v2/', null)).headers['www-authenticate']
    expect(challenge).toContain(`realm="http://${host}/`)
  })

  it.each([
    ['/v2/docker-local/team/pushed', ''],
    ['/v2/through/team/pushed', ''],
    ['/v2/team/pushed', ''],
    ['/artifactory/api/docker/docker-local/v2/team/pushed', ''],
    ['/v2/team/pushed', 'docker-local.registry.example'],
  ])('answers in the coordinates the client used: %s %s', async (base, host) => {
    const bytes = noise(1_000, `${base}${host}`)
    const to = host === '' ? entrepot.host : `${host}:${entrepot.port}`
    const opened = await sendTo(to, 'POST', `${base}/blobs/uploads/`)
    expect(opened.status).toBe(202)
    const location = String(opened.headers['location'])
    const path = location.startsWith('/') ? location : location.slice(`http://${to}`.length)
    expect(path.startsWith(`${base}/blobs/uploads/`)).toBe(true)
    const closed = await sendTo(to, 'PUT', withQuery(path, `digest=${sha256(bytes)}`), basic, bytes)
    expect(closed.status).toBe(201)
    expect(String(closed.headers['location'])).toContain(`${base}/blobs/${sha256(bytes)}`)
    expect((await sendTo(to, 'GET', `${base}/blobs/${sha256(bytes)}`)).status).toBe(200)
  })

  it('that nobody made answers 404 with the code of the route', async () => {
    const absent = '/artifactory/api/docker/absent/v2/x'
    expect((await entrepot.registry.get(`${absent}/manifests/1`)).status).toBe(404)
    expect((await entrepot.registry.get(`${absent}/tags/list`)).status).toBe(404)
    expect([403, 404]).toContain((await entrepot.registry.send('POST', `${absent}/blobs/uploads/`)).status)
  })
})
