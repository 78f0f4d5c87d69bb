import { connect } from 'node:net'
import { digestOf, RegistryError } from '@entrepot/kernel'
import { mediaTypes, type Tag } from '@entrepot/oci-model'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { basic, FakeRepository, RegistryUnderTest } from './testing/index.js'

const manifest = Buffer.from(
  JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: [] }),
)
const digest = digestOf(manifest)
const headers = { 'content-type': mediaTypes.ociIndex }

describe('the audit trail of /v2', () => {
  let registry: RegistryUnderTest
  let local: FakeRepository

  beforeEach(async () => {
    registry = await new RegistryUnderTest().start()
    local = new FakeRepository('docker-local')
    registry.directory.add(local)
    registry.directory.add(new FakeRepository('docker', { kind: 'virtual', member: local, isWritable: true }))
  })
  afterEach(() => registry.stop())

  /** Told right after the answer was handed over, so maybe a moment after it has come. */
  const entries = async () => {
    await new Promise((resolve) => setTimeout(resolve, 20))
    return registry.audit.entries
  }
  const push = (path: string, as = 'root') => registry.ask('PUT', path, { headers, body: manifest, as })

  it('says who pushed which image from where, by tag and by digest', async () => {
    await push('/v2/docker-local/team/app/manifests/1.0')
    await push(`/v2/docker-local/team/app/manifests/${digest}?tag=a&tag=b`)
    const common = {
      action: 'push',
      outcome: 'ok',
      actor: 'root',
      realm: 'internal',
      origin: { address: '192.0.2.7', requestId: 'request-1' },
    }
    expect(await entries()).toEqual([
      {
        ...common,
        subject: { kind: 'image', name: 'docker-local/team/app:1.0' },
        after: expect.objectContaining({ digest }) as unknown,
      },
      {
        ...common,
        origin: { address: '192.0.2.7', requestId: 'request-2' },
        subject: { kind: 'image', name: `docker-local/team/app@${digest}` },
        after: { digest, tags: ['a', 'b'] },
      },
    ])
  })

  it('says where the tags that a push moved pointed to before', async () => {
    const old = local.addManifest('a', Buffer.from('{"old":1}'), mediaTypes.ociIndex, 'x', 'y')
    await push('/v2/docker-local/a/manifests/x')
    await push(`/v2/docker-local/a/manifests/${digest}?tag=x&tag=y&tag=z`)
    const found = await entries()
    expect(found.map(({ before }) => before)).toEqual([{ tags: { x: old } }, { tags: { y: old } }])
  })

  it('says what went with a push, and where older tags pointed to', async () => {
    const old = local.addManifest('a', Buffer.from('{"old":1}'), mediaTypes.ociIndex, 'x')
    local.surplus = { tags: [{ tag: 'older' as Tag, from: old }], manifests: [digest] }
    await push('/v2/docker-local/a/manifests/x')
    expect((await entries())[0]).toMatchObject({
      before: { tags: { x: old, older: old } },
      after: { digest, removed: ['older', digest] },
    })
  })

  it('names the member of a virtual repository that took the push', async () => {
    await push('/v2/docker/team/app/manifests/1.0')
    expect((await entries())[0]?.subject?.name).toBe('docker-local/team/app:1.0')
  })

  it('says who deleted which tag, manifest and blob', async () => {
    const blob = local.addBlob('a', Buffer.from('blob'))
    local.addManifest('a', manifest, mediaTypes.ociIndex, 'x', 'y', 'z')
    for (const path of ['manifests/x', `manifests/${digest}`, `blobs/${blob}`]) {
      expect((await registry.ask('DELETE', `/v2/docker-local/a/${path}`)).status).toBe(202)
    }
    const found = await entries()
    expect(found.map(({ before }) => before)).toEqual([
      { digest, tags: ['x'] },
      { digest, tags: ['y', 'z'] },
      undefined,
    ])
    expect(found.map(({ action, outcome, subject }) => [action, outcome, subject])).toEqual([
      ['delete', 'ok', { kind: 'image', name: 'docker-local/a:x' }],
      ['delete', 'ok', { kind: 'image', name: `docker-local/a@${digest}` }],
      ['delete', 'ok', { kind: 'blob', name: `docker-local/a@${blob}` }],
    ])
  })

  it('holds no read, no step of an upload, and no mistake of a client', async () => {
    local.addManifest('a', manifest, mediaTypes.ociIndex, 'x')
    const asked: readonly [string, string][] = [
      ['GET', '/v2/'],
      ['GET', '/v2/_catalog'],
      ['GET', '/v2/docker-local/a/manifests/x'],
      ['HEAD', '/v2/docker-local/a/manifests/x'],
      ['GET', '/v2/docker-local/a/tags/list'],
      ['GET', '/v2/docker-local/a/manifests/nope'],
      ['POST', '/v2/docker-local/a/blobs/uploads/'],
      ['DELETE', '/v2/docker-local/a/manifests/nope'],
      ['DELETE', '/v2/docker-local/A/manifests/x'],
      ['PUT', '/v2/docker-local/a/manifests/.bad'],
      ['PATCH', '/v2/docker-local/a/manifests/x'],
      ['GET', '/v2/nothing'],
    ]
    for (const [method, path] of asked) await registry.ask(method, path)
    await registry.ask('PUT', '/v2/docker-local/a/manifests/y', { headers, body: '{' })
    expect(await entries()).toEqual([])
  })

  it('holds each refused access with what was asked for', async () => {
    const blob = digestOf(Buffer.from('blob'))
    const asked: readonly [string, string, object | undefined][] = [
      ['GET', '/v2/docker-local/a/manifests/x', { kind: 'image', name: 'docker-local/a:x' }],
      ['GET', `/v2/docker-local/a/blobs/${blob}`, { kind: 'blob', name: `docker-local/a@${blob}` }],
      ['GET', '/v2/docker-local/a/tags/list', { kind: 'image', name: 'docker-local/a' }],
      ['POST', '/v2/docker/a/blobs/uploads/', { kind: 'image', name: 'docker-local/a' }],
      ['PATCH', '/v2/docker-local/a/blobs/uploads/17', { kind: 'image', name: 'docker-local/a' }],
      ['DELETE', '/v2/docker-local/a/manifests/x', { kind: 'image', name: 'docker-local/a:x' }],
    ]
    for (const [method, path] of asked) {
      expect((await registry.ask(method, path, { as: 'alice' })).status).toBe(403)
    }
    const found = await entries()
    expect(found.map(({ subject }) => subject)).toEqual(asked.map(([, , subject]) => subject))
    for (const entry of found) {
      expect(entry).toMatchObject({ action: 'access', outcome: 'refused', actor: 'alice', realm: 'internal' })
      expect(entry.after).toBeUndefined()
    }
    expect(found[0]?.reason).toBe('GET manifest: requested access to the resource is denied')
  })

  it('holds the tag that somebody with rights to others may not read, though they are told that it is not there', async () => {
    local.addManifest('a', manifest, mediaTypes.ociIndex, 'release')
    const tags = ['release', 'later']
    registry.policy.grants.push({ principal: 'alice', repository: 'docker-local', actions: ['read'], tags })
    const fallback = `sha256-${'a'.repeat(64)}.sig`
    const statuses: number[] = []
    for (const tag of ['secret', 'release', 'later', fallback, digest]) {
      statuses.push(
        (await registry.ask('GET', `/v2/docker-local/a/manifests/${tag}`, { as: 'alice' })).status,
      )
    }
    expect(statuses).toEqual([404, 200, 404, 404, 200])
    const found = await entries()
    expect(found).toMatchObject([
      { action: 'access', outcome: 'refused', actor: 'alice', subject: { name: 'docker-local/a:secret' } },
    ])
    expect(found[0]?.reason).toBe('GET manifest: no right to read this tag, which was told as an unknown one')
  })

  it('holds a refused access to a repository that is not there like any other', async () => {
    await registry.ask('GET', '/v2/nowhere/a/manifests/x', { as: 'alice' })
    expect((await entries())[0]).toMatchObject({ action: 'access', outcome: 'refused', actor: 'alice' })
  })

  it('holds tokens that were refused, and not the passwords that the login wrote down', async () => {
    await registry.ask('GET', '/v2/docker-local/a/manifests/x', { as: basic('alice', 'canary-1') })
    await registry.ask('GET', '/v2/', { as: 'Bearer canary-2' })
    await registry.ask('GET', '/v2/token', { as: basic('mallory', 'canary-3') })
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    await registry.ask('POST', '/v2/token', {
      as: '',
      headers: form,
      body: 'grant_type=password&username=eve&password=canary-4',
    })
    await registry.ask('POST', '/v2/token', {
      as: '',
      headers: form,
      body: 'grant_type=refresh_token&refresh_token=canary-5',
    })
    const found = await entries()
    expect(found.map(({ action, outcome, actor }) => [action, outcome, actor])).toEqual([
      ['access', 'refused', 'anonymous'],
      ['access', 'refused', 'anonymous'],
    ])
    expect(JSON.stringify(found)).not.toContain('canary')
  })

  it('holds a token that does not reach as far as its user may not, and not one that another would do for', async () => {
    for (const user of ['root', 'alice']) {
      const authorization = await registry.bearer(user, 'repository:docker-local/a:pull')
      const answer = await registry.ask('DELETE', '/v2/docker-local/a/manifests/x', { as: authorization })
      expect(answer.status).toBe(401)
    }
    expect((await entries()).map(({ action, outcome, actor }) => [action, outcome, actor])).toEqual([
      ['access', 'refused', 'alice'],
    ])
  })

  it('does not hold the challenge of a client that has shown nothing yet', async () => {
    for (const path of ['/v2/', '/v2/docker-local/a/manifests/x', '/v2/_catalog', '/v2/token']) {
      expect((await registry.ask('GET', path, { as: '' })).status).toBe(401)
    }
    expect(await entries()).toEqual([])
  })

  it('holds a push that this server failed to store, without the words of a fault nobody has looked at', async () => {
    const failing = new FakeRepository('failing')
    registry.directory.add(failing)
    const failures = [
      new RegistryError('UNAVAILABLE', 'the database is down'),
      new RegistryError('STORAGE_FULL', 'the disk is full'),
      new Error('password=canary'),
    ]
    for (const failure of failures) {
      Object.assign(failing.writer as object, { putManifest: () => Promise.reject(failure) })
      await push('/v2/failing/a/manifests/x')
    }
    expect((await entries()).map(({ action, outcome, reason }) => [action, outcome, reason])).toEqual([
      ['push', 'failed', 'PUT manifest: the database is down'],
      ['push', 'failed', 'PUT manifest: the disk is full'],
      ['push', 'failed', 'PUT manifest: internal error'],
    ])
  })

  const cutOff = async (sent: string) => {
    const finished = registry.nextFinished()
    const socket = connect(registry.port, '127.0.0.1')
    socket.on('error', () => undefined)
    socket.write(
      `PUT /v2/docker-local/a/manifests/x HTTP/1.1\r\nHost: a\r\nAuthorization: ${basic('root')}\r\n` +
        `Content-Type: ${mediaTypes.ociIndex}\r\nContent-Length: ${manifest.length}\r\n\r\n${sent}`,
    )
    await new Promise((resolve) => setTimeout(resolve, 50))
    socket.destroy()
    return finished
  }

  it('holds no push that was cut off', async () => {
    expect((await cutOff('{"half')).status).toBe(499)
    expect(await entries()).toEqual([])
  })

  it('holds a push that was stored, though its client did not wait for the answer', async () => {
    const { writer } = local
    const put = writer?.putManifest.bind(writer)
    Object.assign(writer as object, {
      putManifest: async (...call: Parameters<NonNullable<typeof put>>) => {
        await new Promise((resolve) => setTimeout(resolve, 150))
        return put?.(...call)
      },
    })
    await cutOff(manifest.toString())
    expect((await entries())[0]).toMatchObject({ action: 'push', outcome: 'ok' })
  })
})
