import { TestDatabase } from '@entrepot/database/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Entrepot } from '../support/entrepot.js'
import { makeImage } from '../support/images.js'
import { expectStatus, json, Registry } from '../support/registry-client.js'
import { eventually } from '../support/workplace.js'

/** A change is promised to be known everywhere within a second; the rest is for the machine of the test. */
const knownWithinMs = 2000

const name = 'docker-local/team/app'
const anna = { user: 'anna', password: 'Harbour 4 lamps' }
const permissions = '/artifactory/api/v2/security/permissions/'

describe('permission targets', () => {
  let db: TestDatabase
  /** Two replicas on one database. */
  let here: Entrepot
  let there: Entrepot

  beforeAll(async () => {
    db = await TestDatabase.create()
    const env = { ENTREPOT_DATABASE_URL: db.url }
    here = await Entrepot.start({ env })
    there = await Entrepot.start({ env })
    for (const tag of ['dev-1', 'release-1']) await here.registry.pushImage(name, tag, makeImage(tag))
    await change('PUT', '/artifactory/api/security/groups/people', { name: 'people' })
    const account = {
      name: anna.user,
      email: 'anna@example.org',
      password: anna.password,
      groups: ['people'],
    }
    await change('PUT', `/artifactory/api/security/users/${anna.user}`, account)
  })

  afterAll(async () => {
    await Promise.allSettled([here?.dispose(), there?.dispose()])
    await db?.close()
  })

  const change = async (method: string, path: string, body?: object) => {
    const headers = { 'content-type': 'application/json' }
    const ask = body === undefined ? {} : { headers, body: JSON.stringify(body) }
    const answer = await here.registry.send(method, path, ask)
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.body.toString()}`)
  }
  const target = (to: object, includes: readonly string[] = ['team/**'], excludes: readonly string[] = []) =>
    change('PUT', `${permissions}team`, {
      name: 'team',
      repo: {
        'include-patterns': includes,
        'exclude-patterns': excludes,
        repositories: ['ANY LOCAL'],
        actions: to,
      },
    })
  const statusThere = async (tag: string, headers: Record<string, string>) =>
    (await there.anonymous.get(`/v2/${name}/manifests/${tag}`, headers)).status
  const known = (what: string, check: () => Promise<boolean>) => eventually(what, check, knownWithinMs)

  it('take effect on the other replica, on a token issued before, within a second', async () => {
    await target({ groups: { people: ['read'] } })
    const asAnna = new Registry(here.url, anna)
    const path = `/v2/token?service=entrepot&scope=repository:${name}:pull`
    const issued = json(expectStatus(await asAnna.get(path), 200)) as { token: string }
    const bearer = { authorization: `Bearer ${issued.token}` }
    await known('the right', async () => (await statusThere('dev-1', bearer)) === 200)
    await target({ groups: { people: ['read'] } }, ['team/**'], ['**/dev-*'])
    await known('the exclude', async () => (await statusThere('dev-1', bearer)) !== 200)
    expect(await statusThere('release-1', bearer)).toBe(200)
    await change('DELETE', `${permissions}team`)
    await known('the deletion', async () => (await statusThere('release-1', bearer)) !== 200)
  })

  it('show of an image the tags that they are about, and nothing of the others', async () => {
    await target({ users: { anna: ['read'] } }, ['**/release-*'])
    const asAnna = new Registry(there.url, anna)
    await known('the right', async () => (await asAnna.manifest(name, 'release-1')).status === 200)
    expect(await asAnna.tags(name)).toEqual(['release-1'])
    const hidden = await asAnna.manifest(name, 'dev-1')
    const missing = await asAnna.manifest(name, 'dev-2')
    expect(hidden.status).toBe(missing.status)
    expect(hidden.body.toString().replaceAll('dev-1', 'dev-2')).toBe(missing.body.toString())
    const byDigest = await asAnna.manifest(name, makeImage('dev-1').digest)
    expect(byDigest.status).toBe(404)
    expect((await asAnna.manifest(name, makeImage('release-1').digest)).status).toBe(200)
  })

  it('leave nothing to the namesake of a deleted user', async () => {
    await target({ users: { anna: ['read'] } })
    const asAnna = new Registry(there.url, anna)
    await known('the right', async () => (await asAnna.manifest(name, 'dev-1')).status === 200)
    await change('DELETE', `/artifactory/api/security/users/${anna.user}`)
    const account = { name: anna.user, email: 'other@example.org', password: anna.password }
    await change('PUT', `/artifactory/api/security/users/${anna.user}`, account)
    await known('the new account', async () => (await asAnna.get('/v2/')).status === 200)
    await known('that it has no right', async () => (await asAnna.manifest(name, 'dev-1')).status !== 200)
  })

  it('let in who has not logged in, once the switch is on and until it is off', async () => {
    await target({ users: { anonymous: ['read'] } }, ['**/release-*'])
    const setSwitch = (enabled: boolean) => change('PUT', '/artifactory/api/entrepot/anonymous', { enabled })
    const path = `/v2/token?service=entrepot&scope=repository:${name}:pull`
    const pull = async (tag: string) => {
      const { token } = json(expectStatus(await there.anonymous.get(path), 200)) as { token: string }
      return statusThere(tag, { authorization: `Bearer ${token}` })
    }
    expect(await statusThere('release-1', {})).toBe(401)
    await setSwitch(true)
    await known('the switch', async () => (await pull('release-1')) === 200)
    expect(await pull('dev-1')).not.toBe(200)
    expect((await there.anonymous.get('/v2/')).status).toBe(401)
    const { token } = json(expectStatus(await there.anonymous.get(path), 200)) as { token: string }
    await setSwitch(false)
    const bearer = { authorization: `Bearer ${token}` }
    await known('that it is off', async () => (await statusThere('release-1', bearer)) === 401)
  })
})
