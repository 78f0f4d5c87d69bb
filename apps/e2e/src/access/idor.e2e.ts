import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { layerOf, makeImage, ociIndex, ociManifest, sha256, type Image } from '../support/images.js'
import {
  errorCodes,
  expectStatus,
  json,
  Registry,
  withQuery,
  type Answer,
  type Credentials,
} from '../support/registry-client.js'
import { keys } from './matrix/grants.js'
import { smallManifest, World } from './matrix/world.js'

const octets = { 'content-type': 'application/octet-stream' }
const everything = ['read', 'deploy', 'overwrite', 'delete']
const bytes = Buffer.from('an upload of alice')
const through = [keys.local, keys.virtual, keys.nested]
const other = 'm-other'
const nowhere = '00000000-0000-4000-8000-000000000000'

let world: World
let alice: Registry
let bob: Registry
let aliceLogin: Credentials
let bobLogin: Credentials

beforeAll(async () => {
  world = await World.start()
  await world.createRepositories()
  await world.entrepot.createRepository(other, { rclass: 'local' })
  ;[aliceLogin, bobLogin] = [await world.createUser('alice'), await world.createUser('bob')]
  ;[alice, bob] = [world.registry(aliceLogin), world.registry(bobLogin)]
  for (const [name, includes, users] of [
    ['of-alice', ['alice/**'], { alice: everything }],
    ['of-bob', ['bob/**'], { bob: everything }],
    ['of-both', ['both/**'], { alice: everything, bob: everything }],
  ] as const)
    await world.putPermission(name, { repositories: [keys.local, other], includes, users })
})
afterAll(async () => {
  await world?.stop()
})

/** What a client can tell answers apart by, without the name or item that it asked for. */
function shape(answer: Answer, ...asked: readonly string[]): string {
  const headers = ['content-type', 'www-authenticate', 'allow', 'docker-content-digest'].map((name) =>
    answer.headers.get(name),
  )
  const text = JSON.stringify([answer.status, headers, answer.body.toString('utf8')])
  return asked.reduce((shown, name) => shown.replaceAll(name, '<asked>'), text)
}

const pathOf = (location: string) => new URL(location, 'http://registry').pathname
const idOf = (location: string) => pathOf(location).split('/').at(-1) ?? ''
const uploadPath = (name: string, id: string) => `/v2/${name}/blobs/uploads/${id}`

describe('the id of an upload', () => {
  /** Every way to use one. */
  const uses = (registry: Registry, name: string, id: string) => [
    () => registry.send('GET', uploadPath(name, id)),
    () => registry.send('PATCH', uploadPath(name, id), { headers: octets, body: 'of bob' }),
    () =>
      registry.send('PUT', `${uploadPath(name, id)}?digest=${sha256('of bob')}`, {
        headers: octets,
        body: 'of bob',
      }),
    () => registry.send('DELETE', uploadPath(name, id)),
  ]

  async function expectUnknown(registry: Registry, name: string, id: string): Promise<void> {
    const ghosts = uses(registry, name, nowhere)
    for (const [position, use] of uses(registry, name, id).entries()) {
      const [answer, ghost] = [await use(), await ghosts[position]?.()]
      expect([answer.status, errorCodes(answer)]).toEqual([404, ['BLOB_UPLOAD_UNKNOWN']])
      expect(shape(answer, id)).toBe(ghost && shape(ghost, nowhere))
    }
  }

  async function expectIntact(location: string): Promise<void> {
    expectStatus(await alice.get(pathOf(location)), 204)
    const closed = await alice.send('PUT', withQuery(pathOf(location), `digest=${sha256(bytes)}`), {
      headers: octets,
    })
    expectStatus(closed, 201)
  }

  it.each(through)('is good for nobody but who has started it, through %s', async (key) => {
    const location = await alice.startUpload(`${key}/both/app`)
    expectStatus(await alice.send('PATCH', pathOf(location), { headers: octets, body: bytes }), 202)
    for (const name of through) {
      await expectUnknown(bob, `${name}/both/app`, idOf(location))
      await expectUnknown(world.entrepot.registry, `${name}/both/app`, idOf(location))
    }
    await expectIntact(location)
  })

  it('is good for the image and the repository that it was started in only', async () => {
    const location = await alice.startUpload(`${keys.local}/both/app`)
    expectStatus(await alice.send('PATCH', pathOf(location), { headers: octets, body: bytes }), 202)
    for (const name of [`${keys.local}/both/other`, `${keys.virtual}/alice/app`, `${other}/both/app`])
      await expectUnknown(alice, name, idOf(location))
    await expectIntact(location)
  })

  it('is good for its user whatever they show', async () => {
    const location = await alice.startUpload(`${keys.local}/both/app`)
    const token = await world.createToken('alice', 'applied-permissions/user')
    const bearer = await world.visitor(aliceLogin).bearer(`repository:${keys.virtual}/both/app:pull,push`)
    expectStatus(await world.wire.sendWith(`Bearer ${token.password}`, 'GET', pathOf(location)), 204)
    expectStatus(
      await world.wire.sendWith(bearer, 'GET', uploadPath(`${keys.virtual}/both/app`, idOf(location))),
      204,
    )
    await world.createRobot('alices-robot')
    const robot = world.registry(await world.createToken('alices-robot', 'applied-permissions/user'))
    expectStatus(await robot.get(pathOf(location)), 403)
    expectStatus(await alice.send('DELETE', pathOf(location)), 204)
  })

  it.each(['..', '%2e%2e', 'a'.repeat(129), "'%20OR%201=1", '%00', '*', '%25'])(
    'is looked for as it is: %s',
    async (id) => {
      const answer = await alice.get(uploadPath(`${keys.local}/both/app`, id))
      expect([400, 404]).toContain(answer.status)
    },
  )
})

describe('the digest of a blob or manifest', () => {
  const secret = makeImage('of alice only', 500)
  const layer = layerOf(secret)
  const absent = sha256('nobody has this')

  beforeAll(async () => {
    await alice.pushImage(`${keys.local}/alice/app`, '1', secret)
  })

  it.each(through)('gives nothing of another image to who may not read that one, through %s', async (key) => {
    for (const digest of [layer.digest, ...secret.blobs.keys(), secret.digest]) {
      for (const name of [`${key}/bob/app`, `${key}/both/app`]) {
        for (const [method, kind] of [
          ['GET', 'blobs'],
          ['HEAD', 'blobs'],
          ['GET', 'manifests'],
          ['HEAD', 'manifests'],
          ['DELETE', 'blobs'],
          ['DELETE', 'manifests'],
        ] as const) {
          const [known, unknown] = [
            await bob.send(method, `/v2/${name}/${kind}/${digest}`),
            await bob.send(method, `/v2/${name}/${kind}/${absent}`),
          ]
          expect([method, kind, known.status]).toEqual([method, kind, 404])
          expect(shape(known, digest)).toBe(shape(unknown, absent))
        }
      }
      const closed = await bob.blob(`${key}/alice/app`, digest)
      expect(shape(closed, digest, `${key}/alice/app`)).toBe(
        shape(await bob.blob('m-absent/alice/app', absent), absent, 'm-absent/alice/app'),
      )
    }
    // Its owner has it there, and nowhere else.
    expectStatus(await alice.blob(`${key}/alice/app`, layer.digest), 200)
    expectStatus(await alice.blob(`${key}/alice/other`, layer.digest), 404)
    expectStatus(await alice.manifest(`${key}/alice/other`, secret.digest), 404)
  })

  it.each(through)(
    'mounts nothing that the caller may not read, with from and without, through %s',
    async (key) => {
      for (const digest of [layer.digest, absent]) {
        const mount = `/v2/${key}/bob/app/blobs/uploads/?mount=${digest}`
        for (const path of [
          mount,
          ...through.flatMap((from) => [`${mount}&from=${from}/alice/app`, `${mount}&from=${from}/bob/app`]),
          `${mount}&from=m-absent/alice/app`,
          `${mount}&from=..%2F${keys.local}%2Falice%2Fapp`,
        ]) {
          for (const send of [
            () => bob.send('POST', path),
            () => world.visitor(bobLogin, 'Bearer').send('POST', path),
          ]) {
            const answer = await send()
            expect([path, answer.status]).toEqual([path, 202])
            expect(answer.headers.get('docker-content-digest')).toBeNull()
          }
        }
      }
      expectStatus(await bob.blob(`${key}/bob/app`, layer.digest), 404)
    },
  )

  it.each(through)('can not be referred to from a manifest, through %s', async (key) => {
    const put = (image: Image) => bob.putManifest(`${key}/bob/app`, 'stolen', image.bytes, image.mediaType)
    for (const name of [secret, makeImage('never pushed', 500)]) {
      const answer = await put(name)
      expect([answer.status, new Set(errorCodes(answer))]).toEqual([400, new Set(['MANIFEST_BLOB_UNKNOWN'])])
    }
    const listing = (child: Image): Image => {
      const { digest, mediaType } = child
      const manifests = [{ digest, mediaType, size: child.bytes.length }]
      const body = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: ociIndex, manifests }))
      return { ...child, mediaType: ociIndex, bytes: body, digest: sha256(body) }
    }
    const [known, unknown] = [secret, makeImage('never pushed', 500)]
    const [answer, ghost] = [await put(listing(known)), await put(listing(unknown))]
    expect([answer.status, errorCodes(answer)]).toEqual([400, ['MANIFEST_BLOB_UNKNOWN']])
    expect(shape(answer, known.digest)).toBe(shape(ghost, unknown.digest))
    expectStatus(await bob.manifest(`${key}/bob/app`, 'stolen'), 404)
  })

  it('as a subject tells nothing of an image that may not be read, and adds nothing to it', async () => {
    const subject = { mediaType: ociManifest, digest: secret.digest, size: secret.bytes.length }
    const referrer = smallManifest('a referrer of bob', { subject, artifactType: 'application/x-bob' })
    await bob.pushImage(`${keys.local}/bob/app`, referrer.digest, referrer)
    const listed = json(await alice.get(`/v2/${keys.local}/alice/app/referrers/${secret.digest}`))
    expect(listed).toMatchObject({ manifests: [] })
    expectStatus(await bob.get(`/v2/${keys.local}/alice/app/referrers/${secret.digest}`), 403)
  })

  it('in the cache of a remote is of the image that it was fetched for', async () => {
    const cached = makeImage('of a closed upstream image', 500)
    world.upstream.add('alice/remote', '1', cached)
    await world.putPermission('remote-of-bob', {
      repositories: [keys.remote],
      includes: ['bob/**'],
      users: { bob: ['read'] },
    })
    const { registry } = world.entrepot
    expectStatus(await registry.manifest(`${keys.remote}/alice/remote`, '1'), 200)
    const { digest } = layerOf(cached)
    expectStatus(await registry.blob(`${keys.remote}/alice/remote`, digest), 200)
    for (const key of [keys.remote, keys.virtual, keys.nested]) {
      const [known, unknown] = [
        await bob.blob(`${key}/bob/remote`, digest),
        await bob.blob(`${key}/bob/remote`, absent),
      ]
      expect([403, 404]).toContain(known.status)
      expect(shape(known, digest)).toBe(shape(unknown, absent))
      const mount = await bob.send(
        'POST',
        `/v2/${key}/bob/app/blobs/uploads/?mount=${digest}&from=${keys.remote}/alice/remote`,
      )
      expect(mount.status).not.toBe(201)
    }
  })
})

describe('what belongs to other users on the admin API', () => {
  const send = (credentials: Credentials, method: string, path: string, body?: object) => {
    const headers = { 'content-type': 'application/json' }
    const ask = body === undefined ? {} : { headers, body: JSON.stringify(body) }
    return world.registry(credentials).send(method, path, ask)
  }

  it('is neither shown nor changed: tokens, of people and of robots', async () => {
    await world.createRobot('machine')
    await world.createToken('machine', 'applied-permissions/user')
    const own = await send(aliceLogin, 'POST', '/access/api/v1/tokens', { description: 'of alice' })
    const { token_id: id } = json(expectStatus(own, 200)) as { token_id: string }
    const all = json(await world.arrange('GET', '/access/api/v1/tokens')) as {
      tokens: { token_id: string; subject: string }[]
    }
    const machine = all.tokens.find(({ subject }) => subject.endsWith('machine'))
    expect(machine).toBeDefined()
    for (const [method, path, body] of [
      ['GET', '/access/api/v1/tokens/:id', undefined],
      ['DELETE', '/access/api/v1/tokens/:id', undefined],
      ['POST', '/access/api/v1/tokens/revoke', { token_id: ':id' }],
      ['POST', '/artifactory/api/security/token/revoke', { token_id: ':id' }],
    ] as const) {
      for (const known of [id, machine?.token_id ?? '']) {
        const ask = (of: string) => send(bobLogin, method, path.replace(':id', of), body && { token_id: of })
        const [answer, ghost] = [await ask(known), await ask(nowhere)]
        expect([method, path, answer.status]).toEqual([method, path, 404])
        expect(shape(answer, known)).toBe(shape(ghost, nowhere))
      }
    }
    expectStatus(await send(aliceLogin, 'GET', `/access/api/v1/tokens/${id}`), 200)
    const listed = json(await send(bobLogin, 'GET', '/access/api/v1/tokens')) as { tokens: unknown[] }
    expect(listed.tokens).toEqual([])
    for (const username of ['alice', 'machine', 'admin', 'nobody-at-all'])
      expectStatus(await send(bobLogin, 'POST', '/access/api/v1/tokens', { username }), 403)
    expectStatus(
      await send(bobLogin, 'POST', '/access/api/v1/tokens', { scope: 'applied-permissions/admin' }),
      403,
    )
    const groups = await send(bobLogin, 'POST', '/access/api/v1/tokens', {
      scope: 'applied-permissions/groups:admins',
    })
    expect([400, 403]).toContain(groups.status)
  })

  it('is not got with a token that is worth less', async () => {
    const limited = await world.createToken('alice', `artifact:${keys.local}/alice/**:r`)
    for (const scope of [
      'applied-permissions/user',
      'applied-permissions/admin',
      `artifact:${keys.local}/**:*`,
    ]) {
      const answer = await send(limited, 'POST', '/access/api/v1/tokens', { scope })
      expectStatus(answer, 403)
    }
    expectStatus(
      await send(limited, 'PATCH', '/access/api/v2/users/alice', { email: 'stolen@example.org' }),
      403,
    )
    expectStatus(
      await send(limited, 'PUT', '/access/api/v2/users/alice/password', { password: 'stolen 7: quay' }),
      403,
    )
  })

  it('is neither shown nor changed: the profiles of users, and their own admin flag', async () => {
    for (const [method, path, body] of [
      ['GET', '/access/api/v2/users/:name', undefined],
      ['PATCH', '/access/api/v2/users/:name', { email: 'stolen@example.org' }],
      ['PATCH', '/access/api/v2/users/:name', { admin: true }],
      [
        'PUT',
        '/access/api/v2/users/:name/password',
        { password: 'stolen 7: quay', old_password: 'a guess: 12' },
      ],
      ['GET', '/artifactory/api/security/users/:name', undefined],
      ['POST', '/artifactory/api/security/users/:name', { admin: true }],
    ] as const) {
      const ask = (name: string) => send(bobLogin, method, path.replace(':name', name), body)
      const ghost = shape(await ask('nobody-at-all'), 'nobody-at-all')
      for (const name of ['alice', 'admin', 'ALICE']) {
        const answer = await ask(name)
        expect([method, path, answer.status]).toEqual([method, path, 404])
        expect(shape(answer, name)).toBe(ghost)
      }
    }
    for (const fields of [
      { admin: true },
      { groups: ['team'] },
      { status: 'enabled' },
      { kind: 'robot' },
      { internal_password_disabled: false },
      { profile_updatable: true },
      { admin: true, email: 'bob@example.org' },
    ])
      expectStatus(await send(bobLogin, 'PATCH', '/access/api/v2/users/bob', fields), 403)
    expectStatus(await send(bobLogin, 'POST', '/artifactory/api/security/users/bob', { admin: true }), 403)
    expectStatus(await send(bobLogin, 'PUT', '/artifactory/api/security/users/bob', { admin: true }), 403)
    expectStatus(await send(bobLogin, 'PATCH', '/access/api/v2/users/bob/groups', { add: ['team'] }), 403)
    const profile = json(expectStatus(await send(bobLogin, 'GET', '/access/api/v2/users/bob'), 200))
    expect(profile).toMatchObject({ admin: false, groups: [], email: 'bob@example.org' })
    expectStatus(await send(bobLogin, 'PATCH', '/access/api/v2/users/bob', { email: 'b@example.org' }), 200)
  })
})
