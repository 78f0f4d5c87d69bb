import {
  groupDn,
  managerDn,
  managerPassword,
  requireSlapd,
  Slapd,
  suffix,
  userDn,
} from '@entrepot/identity/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Containers } from '../support/containers.js'
import { Entrepot } from '../support/entrepot.js'
import { givesAway } from '../support/find-secret.js'
import { makeImage } from '../support/images.js'
import { requirePart } from '../support/parts.js'
import { type Answer, json } from '../support/registry-client.js'
import { eventually, freePort } from '../support/workplace.js'

const settings = '/access/api/v1/ldap/settings'
const groupSettings = '/access/api/v1/ldap/groups'
const groups = '/artifactory/api/security/groups'
const base = 'docker-local/base/app'
const alice = { user: 'alice', password: 'secret1' }

interface Step {
  readonly step: string
  readonly outcome: string
  readonly message: string
  readonly found?: object
}

describe.skipIf(!requirePart('skopeo') || !requireSlapd())('a directory that is configured over REST', () => {
  let slapd: Slapd
  let stranger: Slapd
  let entrepot: Entrepot
  const said: string[] = []

  beforeAll(async () => {
    ;[slapd, stranger, entrepot] = await Promise.all([Slapd.start(), Slapd.start(), Entrepot.start()])
    await entrepot.registry.pushImage(base, '1', makeImage('base'))
  })

  afterAll(async () => {
    await entrepot?.dispose()
    await Promise.allSettled([slapd?.dispose(), stranger?.dispose()])
  })

  async function ask(method: string, route: string, body?: object): Promise<Answer> {
    const headers = { 'content-type': 'application/json' }
    const sent = body === undefined ? {} : { headers, body: JSON.stringify(body) }
    const answer = await entrepot.registry.send(method, route, sent)
    said.push(answer.body.toString())
    return answer
  }

  async function administer(method: string, route: string, body?: object): Promise<unknown> {
    const answer = await ask(method, route, body)
    if (answer.status >= 300) throw new Error(`${method} ${route}: ${answer.status} ${said.at(-1)}`)
    return answer.body.length === 0 || !/json/.test(answer.headers.get('content-type') ?? '')
      ? undefined
      : json(answer)
  }

  const search = () => ({
    search_filter: '(uid={0})',
    search_base: 'ou=people',
    search_sub_tree: true,
    manager_dn: managerDn,
    manager_password: managerPassword,
  })
  const corp = () => ({
    key: 'corp',
    enabled: true,
    ldap_url: slapd.tlsUrl,
    ca_certificates: slapd.caCertificates,
    search: search(),
    auto_create_user: true,
    email_attribute: 'mail',
    connect_timeout_milliseconds: 1000,
    read_timeout_milliseconds: 2000,
  })
  const devs = () => ({
    name: 'corp-groups',
    enabled_ldap: 'corp',
    group_base_dn: 'ou=groups',
    group_name_attribute: 'cn',
    group_member_attribute: 'member',
    sub_tree: true,
    filter: '(objectClass=groupOfNames)',
    description_attribute: 'description',
    strategy: 'STATIC',
  })

  async function tried(changes: object, user: object = alice, at = `${settings}/test`) {
    const body = at.endsWith('corp/test') ? changes : { ...corp(), ...changes }
    const { steps, succeeded } = (await administer('POST', at, { ...body, ...user })) as {
      steps: readonly Step[]
      succeeded: boolean
    }
    return { steps, succeeded, failed: steps.filter(({ outcome }) => outcome === 'failed') }
  }

  it('can be tried out before anything is saved', async () => {
    const { steps, succeeded } = await tried({})
    expect(succeeded).toBe(true)
    expect(steps.map(({ step, outcome }) => `${step} ${outcome}`)).toEqual([
      'connect ok',
      'tls ok',
      'manager bind ok',
      'search ok',
      'user bind ok',
      'groups skipped',
    ])
    expect(steps[3]?.found).toEqual({ dn: userDn('alice'), email: 'alice@example.com' })
    expect((await ask('GET', `${settings}/corp`)).status).toBe(404)
  })

  it.each<[string, string, RegExp, () => object | Promise<object>, object?]>([
    [
      'a wrong port',
      'connect',
      /check host, port and firewall/,
      async () => ({ ldap_url: `ldaps://localhost:${await freePort()}/${suffix}` }),
    ],
    ["another authority's certificate", 'tls', /./, () => ({ ca_certificates: stranger.caCertificates })],
    [
      "a wrong manager's password",
      'manager bind',
      /check manager_dn and manager_password/,
      () => ({ search: { ...search(), manager_password: 'canary-wrong-manager' } }),
    ],
    [
      'a wrong base',
      'search',
      /search_base/,
      () => ({ search: { ...search(), search_base: 'ou=contractors' } }),
    ],
    [
      "a wrong user's password",
      'user bind',
      /does not take this password/,
      () => ({}),
      { ...alice, password: 'canary-wrong-user' },
    ],
  ])('says with %s that it failed at the step "%s"', async (_what, step, message, changes, user) => {
    const { steps, failed, succeeded } = await tried(await changes(), user)
    expect(succeeded).toBe(false)
    expect(failed.map((one) => one.step)).toEqual([step])
    expect(failed[0]?.message).toMatch(message)
    const after = steps.slice(steps.findIndex((one) => one.outcome === 'failed') + 1)
    expect(after.every(({ outcome }) => outcome === 'skipped')).toBe(true)
  })

  it('is saved and shown without its password, and what is saved can be tried with changes', async () => {
    await administer('POST', settings, corp())
    await administer('POST', groupSettings, devs())
    const { search: sent, ...rest } = corp()
    const { manager_password: _password, ...shownSearch } = sent
    expect(await administer('GET', `${settings}/corp`)).toMatchObject({ ...rest, search: shownSearch })
    const at = `${settings}/corp/test`
    expect((await tried({}, alice, at)).steps.at(-1)).toMatchObject({
      step: 'groups',
      outcome: 'ok',
      found: { groups: expect.arrayContaining(['devs', 'admins']) as unknown },
    })
    const { failed } = await tried({ search: { search_filter: '(mail={0})' } }, alice, at)
    expect(failed.map(({ step }) => step)).toEqual(['search'])
  })

  it('has its groups imported, as it has them', async () => {
    expect((await ask('GET', `${groups}/devs`)).status).toBe(404)
    expect(await administer('POST', `${groupSettings}/corp-groups/refresh/IMPORT`)).toMatchObject({
      created: expect.arrayContaining(['devs', 'admins', 'staff']) as unknown,
    })
    expect(await administer('GET', `${groups}/devs`)).toMatchObject({
      name: 'devs',
      description: 'the devs',
      realm: 'ldap',
    })
    await slapd.change(
      `dn: ${groupDn('devs')}\nchangetype: modify\nreplace: description\ndescription: those who develop\n`,
    )
    expect(await administer('POST', `${groupSettings}/corp-groups/refresh`)).toMatchObject({
      created: [],
      updated: expect.arrayContaining(['devs']) as unknown,
    })
    expect(await administer('GET', `${groups}/devs`)).toMatchObject({ description: 'those who develop' })
  })

  it('lets its people push with skopeo what an imported group may', async () => {
    await administer('PUT', '/artifactory/api/v2/security/permissions/developers', {
      name: 'developers',
      repo: {
        repositories: ['docker-local'],
        'include-patterns': ['team/**', 'base/**'],
        actions: { groups: { devs: ['read', 'write'] } },
      },
    })
    const skopeo = await Containers.create(entrepot.host)
    try {
      const at = (name: string) => `docker://${entrepot.host}/docker-local/${name}`
      const folder = `dir:${skopeo.folder}/image`
      await skopeo.login('skopeo', entrepot.host, alice.user, alice.password)
      await skopeo.run('skopeo', 'copy', at('base/app:1'), folder)
      await skopeo.run('skopeo', 'copy', folder, at('team/app:1'))
      expect(await skopeo.digestOf(`${entrepot.host}/docker-local/team/app:1`)).toBe(
        await skopeo.digestOf(`${entrepot.host}/${base}:1`),
      )
      const refused = /denied|unauthorized|insufficient|unknown|not found/i
      expect(await skopeo.fails('skopeo', 'copy', folder, at('other/app:1'))).toMatch(refused)
      await skopeo.loginFails('skopeo', entrepot.host, alice.user, 'wrong')
      // In the directory, and in none of these groups.
      await skopeo.login('skopeo', entrepot.host, 'bob', 'secret2')
      expect(await skopeo.fails('skopeo', 'copy', at('team/app:1'), `${folder}-of-bob`)).toMatch(refused)
    } finally {
      await skopeo.dispose()
    }
    await eventually('the push is in the audit trail', async () => {
      const found = await administer('GET', '/artifactory/api/entrepot/audit?action=push&actor=alice')
      return (found as { events: { realm?: string }[] }).events[0]?.realm === 'corp'
    })
  })

  it('lets nobody in who is switched off with it', async () => {
    const login = async () => {
      const authorization = `Basic ${Buffer.from('alice:secret1').toString('base64')}`
      return (await entrepot.anonymous.get('/v2/', { authorization })).status
    }
    expect(await login()).toBe(200)
    await administer('PUT', `${settings}/corp`, { enabled: false })
    await eventually('the directory is asked no more', async () => (await login()) === 401, 2000)
    await administer('PUT', `${settings}/corp`, { enabled: true })
  })

  it('leaves no password in an answer, the log or the audit trail', async () => {
    const rows = (await ask('GET', '/artifactory/api/entrepot/audit?limit=1000')).body.toString()
    expect(rows).toContain('"directory.create"')
    const texts = { log: entrepot.output, rows, answers: said.join('\n') }
    for (const [place, text] of Object.entries(texts)) {
      for (const secret of [managerPassword, 'canary-wrong-manager', 'canary-wrong-user', alice.password]) {
        expect([place, secret, givesAway(text, secret)]).toEqual([place, secret, false])
      }
    }
  })
})
