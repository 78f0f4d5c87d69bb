import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { TestDatabase } from '@entrepot/database/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AdminClient } from '../support/admin-client.js'
import { adminPassword, Entrepot } from '../support/entrepot.js'
import { givesAway } from '../support/find-secret.js'
import { makeImage } from '../support/images.js'
import { eventually, removeFolder, temporaryFolder } from '../support/workplace.js'

const path = '/artifactory/api/entrepot/config'
const yaml = 'application/yaml'

const secrets = {
  ENTREPOT_SECRET_HUB: 'Canary-hub password 4711',
  ENTREPOT_SECRET_ANN: 'Canary-ann password 4712',
  ENTREPOT_SECRET_LDAP: 'Canary-ldap password 4713',
}

/** The whole example of the page of the manual. */
async function example(): Promise<string> {
  const page = await readFile(
    fileURLToPath(new URL('../../../../docs/configuration.md', import.meta.url)),
    'utf8',
  )
  const text = /<!-- A test applies this example\. -->\s+```yaml\n(.*?)```/s.exec(page)?.[1]
  if (text === undefined) throw new Error('the page has no example')
  return text
}

const admin = (server: Entrepot, password = adminPassword) => AdminClient.basic(server.url, 'admin', password)
const exportOf = async (client: AdminClient) => (await client.send('GET', path)).text
const apply = (client: AdminClient, document: string) => client.send('POST', `${path}/apply`, document, yaml)
const auditOf = async (client: AdminClient) =>
  (await client.send('GET', '/artifactory/api/entrepot/audit?actor=server&limit=100')).text
const diff = (client: AdminClient, document: string) => client.send('POST', `${path}/diff`, document, yaml)

/** Lines of the log come a little after what they tell of. */
const applied = (server: Entrepot) =>
  eventually('the log tells that it is applied', () => server.output.includes('the configuration is applied'))

let folder: string
const started: Entrepot[] = []
beforeAll(async () => {
  folder = await temporaryFolder('configuration')
  await mkdir(join(folder, 'secrets'))
})
afterAll(async () => {
  await Promise.all(started.map((server) => server.dispose()))
  await removeFolder(folder)
})

async function start(env: Readonly<Record<string, string>>): Promise<Entrepot> {
  const server = await Entrepot.start({ env })
  started.push(server)
  return server
}

async function file(name: string, text: string): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, text)
  return path
}

describe('a server that starts with a configuration', () => {
  it('has all of it before it answers, and starts again without a change', async () => {
    const config = await file('example.yaml', `logLevel: info\n${await example()}`)
    const server = await start({ ENTREPOT_CONFIG: config, ...secrets })
    const client = admin(server)
    const exported = await exportOf(client)
    for (const name of ['images:', 'hub:', 'team-a:', 'ann:', 'corp', 'github:'])
      expect(exported).toContain(name)
    await applied(server)
    expect(server.output).toContain('"msg":"configuration: create repositories.images"')
    expect((await diff(client, await example())).text).toBe('nothing to change\n')
    const ann = AdminClient.basic(server.url, 'ann', secrets.ENTREPOT_SECRET_ANN)
    expect((await ann.send('GET', '/access/api/v2/users/ann')).status).toBe(200)
    // The last change of the example; entries are written a little after what they tell of.
    await eventually('the audit trail is written', async () =>
      (await auditOf(client)).includes('"userLockPolicy"'),
    )
    const audit = await auditOf(client)
    expect(audit).toContain('"repository.create"')
    expect(audit).toContain('"directory.create"')
    const shown = [exported, audit, server.output].join('\n')
    expect(Object.values(secrets).filter((secret) => givesAway(shown, secret))).toEqual([])

    await server.restart()
    expect(await auditOf(client)).toBe(audit)
    expect(await exportOf(client)).toBe(exported)
    await applied(server)
    expect(server.output).toContain('"changes":0,"msg":"the configuration is applied"')
  })

  it('does not start with one that is wrong, and says all of it', async () => {
    const text =
      'repositories: { a: { rclass: remote, packageType: docker, url: ftp://x } }\nusers: { b: { pasword: x } }\n'
    const config = await file('wrong.yaml', text)
    const starting = Entrepot.start({ env: { ENTREPOT_CONFIG: config } })
    const failure = await starting.then(
      () => '',
      (error: unknown) => String(error),
    )
    expect(failure).toContain('repositories.a.url: is')
    expect(failure).toContain('users.b.pasword: there is no such field: did you mean password?')
    expect(failure).toContain('users.b.password: is missing')
  })

  it('can name any file, and set the password of the administrator', async () => {
    const secret = await file('admin', 'Canary-admin password 4714\n')
    const config = await file('admin.yaml', `users: { admin: { password: { file: ${secret} } } }\n`)
    const server = await start({ ENTREPOT_CONFIG: config })
    expect((await admin(server).send('GET', path)).status).toBe(401)
    expect((await admin(server, 'Canary-admin password 4714').send('GET', path)).status).toBe(200)
  })

  it('is one of several that start at once: each change is made once', async () => {
    const db = await TestDatabase.create()
    try {
      const config = await file('shared.yaml', await example())
      const env = { ENTREPOT_CONFIG: config, ENTREPOT_DATABASE_URL: db.url, ...secrets }
      const servers = await Promise.all([start(env), start(env), start(env)])
      const exports = await Promise.all(servers.map((server) => exportOf(admin(server))))
      expect(new Set(exports).size).toBe(1)
      await Promise.all(servers.map(applied))
      const created = servers.filter(({ output }) => output.includes('configuration: create users.ann'))
      expect(created).toHaveLength(1)
      const entriesOfAnn = async () => {
        const text = `SELECT id FROM audit_events WHERE action = 'user.create' AND subject = 'ann'`
        return (await db.database.query({ text }, [])).length
      }
      await eventually('the audit trail is written', async () => (await entriesOfAnn()) > 0)
      expect(await entriesOfAnn()).toBe(1)
      const [first, second] = servers.map((server) => admin(server))
      await apply(first!, 'groups: { told: { description: at once } }')
      expect((await second!.send('GET', '/access/api/v2/groups/told')).status).toBe(200)
      await apply(first!, 'anonymousAccess: { enabled: true }')
      await expect
        .poll(async () => (await second!.send('GET', '/artifactory/api/entrepot/anonymous')).text)
        .toContain('true')
    } finally {
      await Promise.all(started.splice(-3).map((server) => server.dispose()))
      await db.close()
    }
  })
})

describe('a document that is sent', () => {
  let server: Entrepot
  let client: AdminClient
  beforeAll(async () => {
    await file(join('secrets', 'hub'), `${secrets.ENTREPOT_SECRET_HUB}\n`)
    server = await start({
      ENTREPOT_SECRETS_DIR: join(folder, 'secrets'),
      HOME_OF_SECRETS: 'Canary-home 4715',
      ...secrets,
    })
    client = admin(server)
  })

  it('from another server makes what is there', async () => {
    expect((await apply(client, await example())).status).toBe(200)
    const exported = await exportOf(client)
    expect((await diff(client, exported)).text).toContain('nothing to change')
    const other = await start({
      ENTREPOT_BOOTSTRAP: 'none',
      ENTREPOT_SECRET_REPOSITORY_HUB_PASSWORD: secrets.ENTREPOT_SECRET_HUB,
      ENTREPOT_SECRET_USER_ANN_PASSWORD: secrets.ENTREPOT_SECRET_ANN,
      ENTREPOT_SECRET_DIRECTORY_CORP_MANAGER_PASSWORD: secrets.ENTREPOT_SECRET_LDAP,
    })
    expect(await apply(admin(other), exported)).toMatchObject({ status: 200 })
    expect(await exportOf(admin(other))).toBe(exported)
    const ann = AdminClient.basic(other.url, 'ann', secrets.ENTREPOT_SECRET_ANN)
    expect((await ann.send('GET', '/access/api/v2/users/ann')).status).toBe(200)
  })

  it('names secrets of its folder and its prefix alone', async () => {
    const of = (reference: string) => `repositories: { hub: { password: ${reference} } }`
    expect((await diff(client, of(`{ file: ${join(folder, 'secrets', 'hub')} }`))).text).toBe(
      'nothing to change\n',
    )
    for (const reference of [
      '{ file: /etc/passwd }',
      '{ file: /etc/nothing }',
      `{ file: ${folder}/secrets/../example.yaml }`,
      '{ env: HOME_OF_SECRETS }',
      '{ env: ENTREPOT_ADMIN_PASSWORD }',
    ]) {
      const answer = await apply(client, of(reference))
      expect([answer.status, answer.text]).toEqual([400, expect.stringContaining('which is refused')])
      expect(answer.text).not.toContain('Canary')
    }
  })

  it('happens as a whole or not at all, also when another part of it fails in the database', async () => {
    const before = await exportOf(client)
    const answer = await apply(client, 'groups: { half: {} }\nusers: { admin: { admin: false } }')
    expect([answer.status, answer.text]).toEqual([409, expect.stringContaining('nobody could administer')])
    expect(await exportOf(client)).toBe(before)
  })

  it('loses nothing beside changes by the REST API, and comes once when it is sent often', async () => {
    const documents = Array.from(
      { length: 6 },
      (_, at) => `repositories: { images: { notes: "${at}" } }\ngroups: { often-${at}: {} }`,
    )
    const rest = Array.from({ length: 6 }, (_, at) => at)
    const answers = await Promise.all([
      ...documents.map(async (document) => (await apply(client, document)).status),
      ...rest.map(async (at) => {
        const body = { description: `by hand ${at}`, packageType: 'docker' }
        return (await client.send('POST', '/artifactory/api/repositories/images', body)).status
      }),
      ...rest.map(async (at) => {
        const body = { name: `by-hand-${at}` }
        return (await client.send('POST', '/access/api/v2/groups', body)).status
      }),
    ])
    expect(answers.filter((status) => status !== 200 && status !== 201)).toEqual([])
    const exported = await exportOf(client)
    for (const at of rest) {
      expect(exported).toContain(`often-${at}:`)
      expect(exported).toContain(`by-hand-${at}:`)
    }
    expect(exported).toMatch(/description: by hand \d/)
    expect(exported).toMatch(/notes: "\d"/)
  })

  it('prunes what it does not have, but nothing that holds images unless it is named', async () => {
    await server.registry.pushImage('images/team-a/app', '1', makeImage('configuration'))
    const document = (more: string) =>
      `repositories: { docker-local: {}, docker-hub: {}, docker: {}, hub: {} }\nprune: { sections: [repositories]${more} }`
    const refused = await diff(client, document(''))
    expect([refused.status, refused.text]).toEqual([
      400,
      expect.stringContaining('repositories.images: would be deleted'),
    ])
    const named = await diff(client, document(', withContent: [images]'))
    expect(named.text).toContain('- repositories.all\n- repositories.images\n')
    expect(named.text).toContain('~ permissionTargets.team-a\n    repo.repositories: ["images"] -> []\n')
    expect((await apply(client, document(', withContent: [images]'))).status).toBe(200)
    expect((await client.send('GET', '/artifactory/api/repositories/images')).status).toBe(400)
  })
})
