import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { layerOf, makeImage } from '../support/images.js'
import { expectStatus, json } from '../support/registry-client.js'
import { eventually } from '../support/workplace.js'
import { keys } from './matrix/grants.js'
import { smallManifest, World } from './matrix/world.js'

const octets = { 'content-type': 'application/octet-stream' }
const everything = ['read', 'deploy', 'overwrite', 'delete']
const bytes = Buffer.from('an upload that outlived its owner')
const pathOf = (location: string) => new URL(location, 'http://registry').pathname

describe('made anew under its old name', () => {
  let world: World

  beforeAll(async () => {
    world = await World.start()
    await world.createRepositories()
  })
  afterAll(async () => {
    await world?.stop()
  })

  it('a repository has nothing of the old one: content, uploads, rights', async () => {
    const image = makeImage('of the old repository', 500)
    const name = 'm-reborn/lib/app'
    const login = await world.createUser('alice')
    const alice = world.registry(login)
    const make = () => world.entrepot.createRepository('m-reborn', { rclass: 'local' })
    await make()
    await world.putPermission('reborn', { repositories: ['m-reborn'], users: { alice: everything } })
    await alice.pushImage(name, '1', image)
    const location = await alice.startUpload(name)
    const bearer = await world.visitor(login).bearer(`repository:${name}:pull,push`)
    expectStatus(await world.wire.sendWith(bearer, 'GET', `/v2/${name}/manifests/1`), 200)
    await world.arrange('DELETE', '/artifactory/api/repositories/m-reborn')
    await make()

    // The target that named the old one names the new one no more.
    expectStatus(await alice.manifest(name, '1'), 403)
    expectStatus(await world.wire.sendWith(bearer, 'GET', `/v2/${name}/manifests/1`), 401)
    await world.putPermission('reborn', { repositories: ['m-reborn'], users: { alice: everything } })
    for (const path of [
      `manifests/1`,
      `manifests/${image.digest}`,
      `blobs/${layerOf(image).digest}`,
      'tags/list',
    ]) {
      expectStatus(await alice.get(`/v2/${name}/${path}`), 404)
      expectStatus(await world.wire.sendWith(bearer, 'GET', `/v2/${name}/${path}`), 404)
      expectStatus(await world.entrepot.registry.get(`/v2/${name}/${path}`), 404)
    }
    expectStatus(await alice.get(pathOf(location)), 404)
    expectStatus(await alice.send('PATCH', pathOf(location), { headers: octets, body: bytes }), 404)
    const mount = `/v2/${name}/blobs/uploads/?mount=${layerOf(image).digest}`
    expectStatus(await alice.send('POST', mount), 202)
    const listed = json(await world.entrepot.registry.get('/v2/_catalog?n=1000')) as {
      repositories: string[]
    }
    expect(listed.repositories.filter((each) => each.startsWith('m-reborn/'))).toEqual([])
  })

  it('a user has nothing of the old one: bearer, refresh and access tokens, uploads, rights', async () => {
    const name = `${keys.local}/both/app`
    const grant = () =>
      world.putPermission('of-carol', {
        repositories: [keys.local],
        includes: ['both/**'],
        users: { carol: everything },
      })
    const login = await world.createUser('carol')
    await grant()
    const carol = world.registry(login)
    await carol.pushImage(name, 'carol', smallManifest('of carol'))
    const location = await carol.startUpload(name)
    const form = (fields: Record<string, string>) =>
      world.entrepot.anonymous.send('POST', '/v2/token', {
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({
          service: 'entrepot',
          scope: `repository:${name}:pull,push`,
          ...fields,
        }).toString(),
      })
    const granted = await form({
      grant_type: 'password',
      username: 'carol',
      password: login.password,
      access_type: 'offline',
    })
    const { token, refresh_token: refreshToken } = json(expectStatus(granted, 200)) as {
      token: string
      refresh_token: string
    }
    const access = await world.createToken('carol', 'applied-permissions/user')
    const made = await carol.send('POST', '/access/api/v1/tokens', {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ refreshable: true, expires_in: 3600 }),
    })
    const { refresh_token: accessRefresh } = json(expectStatus(made, 200)) as { refresh_token: string }
    const statuses = async () => {
      const answers = await Promise.all([
        world.wire.sendWith(`Bearer ${token}`, 'GET', `/v2/${name}/manifests/carol`),
        form({ grant_type: 'refresh_token', refresh_token: refreshToken }),
        world.wire.sendWith(`Bearer ${access.password}`, 'GET', `/v2/${name}/manifests/carol`),
        world.wire.sendWith(`Bearer ${access.password}`, 'GET', '/access/api/v1/tokens'),
      ])
      return answers.map(({ status }) => status)
    }
    expect(await statuses()).toEqual([200, 200, 200, 200])

    await world.arrange('DELETE', '/access/api/v2/users/carol')
    await world.createUser('carol')
    await eventually('the new user can log in', async () => (await carol.get('/v2/')).status === 200, 3000)
    // What was granted to the old one was withdrawn.
    expectStatus(await carol.manifest(name, 'carol'), 403)
    await grant()
    await eventually('the new grant', async () => (await carol.manifest(name, 'carol')).status === 200, 2000)
    const isOver = async () => (await statuses()).every((status) => status === 401)
    await eventually('what the old one had is of no use', isOver, 2000)
    const refreshed = await world.entrepot.anonymous.send('POST', '/access/api/v1/tokens', {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ grant_type: 'refresh_token', refresh_token: accessRefresh }),
    })
    expectStatus(refreshed, 401)
    expectStatus(await carol.get(pathOf(location)), 404)
    expectStatus(await carol.send('PATCH', pathOf(location), { headers: octets, body: bytes }), 404)
    const listed = json(await carol.get('/access/api/v1/tokens')) as { tokens: unknown[] }
    expect(listed.tokens).toEqual([])
  })
})
