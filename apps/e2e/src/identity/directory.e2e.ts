import { PostgresOrderedSettingsStore } from '@entrepot/database'
import { TestDatabase } from '@entrepot/database/testing'
import type { DirectoryGroupSettings, DirectorySettings } from '@entrepot/identity'
import {
  companyDirectory,
  companyGroups,
  groupDn,
  managerPassword,
  requireSlapd,
  Slapd,
  userDn,
} from '@entrepot/identity/testing'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Containers } from '../support/containers.js'
import { Docker } from '../support/docker.js'
import { adminPassword, Entrepot, secretBox } from '../support/entrepot.js'
import { makeImage } from '../support/images.js'
import { requirePart } from '../support/parts.js'
import { type Answer, json, Registry } from '../support/registry-client.js'
import { eventually } from '../support/workplace.js'

/** The directory's word holds so long here. */
const confirmationSeconds = 3
const image = 'docker-local/team/app'

describe.skipIf(!requirePart('root', 'dockerd', 'docker', 'podman') || !requireSlapd())(
  'people of a directory with two servers',
  () => {
    let db: TestDatabase
    let first: Slapd
    let second: Slapd
    let entrepot: Entrepot
    let docker: Docker
    let tools: Containers

    beforeAll(async () => {
      ;[db, first, second] = await Promise.all([
        TestDatabase.create(),
        Slapd.start({ bulk: 10_000 }),
        Slapd.start({ bulk: 10_000 }),
      ])
      await configure()
      entrepot = await Entrepot.start({
        env: {
          ENTREPOT_DATABASE_URL: db.url,
          ENTREPOT_DIRECTORY_CONFIRMATION_SECONDS: String(confirmationSeconds),
        },
      })
      docker = await Docker.start()
      tools = await Containers.create(entrepot.host)
      await administer('PUT', 'artifactory/api/security/groups/devs', { realm: 'ldap' })
      await administer('PUT', 'artifactory/api/security/groups/bulk', {
        realm: 'ldap',
        externalId: 'cn=g04711,ou=bulk,dc=example,dc=com',
      })
      await permit('developers', ['team/**'], { devs: ['read', 'write', 'delete'] })
      await permit('bulk', ['bulk/**'], { bulk: ['read', 'write'] })
    })

    afterAll(async () => {
      await Promise.allSettled([docker?.dispose(), tools?.dispose()])
      await entrepot?.dispose()
      await Promise.allSettled([first?.dispose(), second?.dispose(), db?.close()])
    })

    async function configure(): Promise<void> {
      const directories = new PostgresOrderedSettingsStore<DirectorySettings>(
        db.database,
        'ldap_settings',
        secretBox(),
      )
      const groups = new PostgresOrderedSettingsStore<DirectoryGroupSettings>(
        db.database,
        'ldap_group_settings',
        secretBox(),
      )
      const caCertificates = `${first.caCertificates}${second.caCertificates}`
      const search = { searchBase: 'ou=people|ou=bulk' }
      await directories.create(
        'corp',
        companyDirectory([first.tlsUrl, second.tlsUrl], { caCertificates, search }),
      )
      await groups.create('corp-groups', companyGroups({ nestedDepth: 5 }))
      await groups.create('bulk-groups', companyGroups({ name: 'bulk-groups', groupBaseDn: 'ou=bulk' }))
    }

    async function administer(method: string, path: string, body: object): Promise<void> {
      const response = await fetch(`${entrepot.url}/${path}`, {
        method,
        headers: {
          authorization: `Basic ${Buffer.from(`admin:${adminPassword}`).toString('base64')}`,
          'content-type': 'application/json',
        },
        body: JSON.stringify(body),
      })
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
      await response.body?.cancel()
    }

    function permit(
      name: string,
      include: readonly string[],
      groups: Readonly<Record<string, readonly string[]>>,
    ) {
      return administer('PUT', `artifactory/api/v2/security/permissions/${name}`, {
        repo: { repositories: ['docker-local'], 'include-patterns': include, actions: { groups } },
      })
    }

    const as = (user: string, password: string) => new Registry(entrepot.url, { user, password })
    const alice = () => as('alice', 'secret1')

    async function tokenOf(user: string, password: string): Promise<string> {
      const answer = await as(user, password).get(
        `/v2/token?service=entrepot&scope=repository:${image}:pull,push`,
      )
      expect(answer.status).toBe(200)
      return (json(answer) as { token: string }).token
    }

    function pullWith(token: string): Promise<Answer> {
      const headers = { authorization: `Bearer ${token}` }
      return new Registry(entrepot.url).get(`/v2/${image}/manifests/1`, headers)
    }

    /** On both servers, as replication would. */
    async function change(ldif: string): Promise<void> {
      await Promise.all([first.change(ldif), second.change(ldif)])
    }

    it('log in with docker by the password that they have, and push and pull what their groups may', async () => {
      expect(await docker.login(entrepot.host, 'alice', 'secret1')).toContain('Login Succeeded')
      const name = `${entrepot.host}/${image}:1`
      await docker.importImage(name, 'team')
      const pushed = await docker.push(name)
      expect(await docker.pullAfresh(name)).toBe(pushed)
      const other = `${entrepot.host}/docker-local/other/app:1`
      await docker.importImage(other, 'other')
      expect(await docker.fails('push', other)).toMatch(/denied|unauthorized|not found/i)
    })

    it.each([
      ['docker', 'alice', 'wrong'],
      ['docker', 'nobody', 'secret1'],
      ['docker', 'off', 'secret9'],
      ['podman', 'alice', 'wrong'],
      ['podman', '*', 'secret1'],
      ['podman', '*)(uid=*', 'secret1'],
      ['podman', "$'", 'secret1'],
      ['podman', 'off', 'secret9'],
    ])('are refused by %s as %s with %s', async (tool, user, password) => {
      const said =
        tool === 'docker'
          ? await docker.loginFails(entrepot.host, user, password)
          : await tools.loginFails('podman', entrepot.host, user, password)
      expect(said).toMatch(/unauthorized|invalid username\/password|incorrect/i)
    })

    it('log in with podman, names beyond ASCII and with a meaning in filters included', async () => {
      for (const [user, password] of [
        ['ann', 'secret8'],
        ['jürgen', 'pässwörd'],
        ['john(1)*', 'secret3'],
      ] as const) {
        expect(await tools.login('podman', entrepot.host, user, password)).toContain('Login Succeeded')
        await tools.run('podman', 'pull', `${entrepot.host}/${image}:1`)
        await tools.run('podman', 'rmi', `${entrepot.host}/${image}:1`)
      }
      expect(await tools.login('podman', entrepot.host, 'bob', 'secret2')).toContain('Login Succeeded')
      expect(await tools.fails('podman', 'pull', `${entrepot.host}/${image}:1`)).toMatch(
        /denied|unauthorized|unknown|not found/i,
      )
    })

    it('are found among 10,000, with the group that an administrator has mapped by its DN', async () => {
      const name = 'docker-local/bulk/app'
      await as('u04711', 'bulk-secret').pushImage(name, '1', makeImage('bulk'))
      expect((await as('u04711', 'bulk-secret').manifest(name, '1')).status).toBe(200)
      expect((await as('u04712', 'bulk-secret').manifest(name, '1')).status).not.toBe(200)
    })

    it('lose what a group gave, within the confirmation time, on tokens issued before too', async () => {
      const token = await tokenOf('alice', 'secret1')
      expect((await pullWith(token)).status).toBe(200)
      const member = (how: string) =>
        `dn: ${groupDn('devs')}\nchangetype: modify\n${how}: member\nmember: ${userDn('alice')}\n`
      await change(member('delete'))
      await eventually(
        'the token pulls no more',
        async () => [401, 403, 404].includes((await pullWith(token)).status),
        (confirmationSeconds + 2) * 1000,
      )
      await change(member('add'))
      await eventually(
        'the token pulls again',
        async () => (await pullWith(token)).status === 200,
        (confirmationSeconds + 2) * 1000,
      )
    })

    it('are gone within the confirmation time when they are switched off, tokens issued before included', async () => {
      const token = await tokenOf('ann', 'secret8')
      expect((await pullWith(token)).status).toBe(200)
      const control = (value: number) =>
        `dn: ${userDn('ann')}\nchangetype: modify\nreplace: userAccountControl\nuserAccountControl: ${value}\n`
      await change(control(514))
      await eventually(
        'the token pulls no more',
        async () => (await pullWith(token)).status === 401,
        (confirmationSeconds + 2) * 1000,
      )
      expect((await as('ann', 'secret8').manifest(image, '1')).status).toBe(401)
      await change(control(512))
    })

    it('can not use an old password for longer than the confirmation time', async () => {
      expect((await as('john(1)*', 'secret3').manifest(image, '1')).status).toBe(200)
      const password = (value: string) =>
        `dn: ${userDn('john(1)*')}\nchangetype: modify\nreplace: userPassword\nuserPassword: ${value}\n`
      await change(password('changed'))
      await eventually(
        'the old password is refused',
        async () => (await as('john(1)*', 'secret3').manifest(image, '1')).status === 401,
        (confirmationSeconds + 2) * 1000,
      )
      expect((await as('john(1)*', 'changed').manifest(image, '1')).status).toBe(200)
      await change(password('secret3'))
    })

    it('go on while the first server is killed, the second answering', async () => {
      const statuses: number[] = []
      const end = performance.now() + (confirmationSeconds + 3) * 1000
      const killed = sleep(500).then(() => first.kill())
      while (performance.now() < end) {
        statuses.push((await alice().manifest(image, '1')).status)
        await sleep(50)
      }
      await killed
      expect(new Set(statuses)).toEqual(new Set([200]))
      expect(await docker.login(entrepot.host, 'alice', 'secret1')).toContain('Login Succeeded')
      expect(await docker.loginFails(entrepot.host, 'alice', 'wrong')).toMatch(/unauthorized|incorrect/i)
      const line = entrepot.output.split('\n').find((one) => one.includes('a directory cannot be asked'))
      expect(JSON.parse(line ?? '{}')).toMatchObject({ directory: 'corp', url: first.tlsUrl })
    })

    it('work for the confirmation time when every server is down, then get 503, while internal users go on', async () => {
      const token = await tokenOf('alice', 'secret1')
      expect((await alice().manifest(image, '1')).status).toBe(200)
      await second.kill()
      const down = performance.now()
      expect((await pullWith(token)).status).toBe(200)
      expect(performance.now() - down).toBeLessThan(confirmationSeconds * 1000)

      await eventually(
        'the token is answered with 503',
        async () => (await pullWith(token)).status === 503,
        (confirmationSeconds + 3) * 1000,
      )
      for (const [user, password] of [
        ['alice', 'secret1'],
        ['alice', 'wrong'],
        ['never-seen', 'x'],
      ] as const) {
        const answer = await as(user, password).get('/v2/')
        expect([user, answer.status]).toEqual([user, 503])
        expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
        expect(answer.body.toString()).not.toMatch(/127\.0\.0\.1|localhost|ldaps/)
      }
      expect(await docker.loginFails(entrepot.host, 'alice', 'secret1')).toMatch(/503|unavailable|directory/i)

      expect((await entrepot.registry.manifest(image, '1')).status).toBe(200)
      expect((await as('admin', 'wrong').get('/v2/')).status).toBe(401)
      expect(await docker.login(entrepot.host, 'admin', adminPassword)).toContain('Login Succeeded')
    })

    it('are back as soon as a server is, with the rights that they had', async () => {
      await second.launch()
      await eventually(
        'alice is let in again',
        async () => (await alice().manifest(image, '1')).status === 200,
        40_000,
      )
      expect(await docker.login(entrepot.host, 'alice', 'secret1')).toContain('Login Succeeded')
    })

    it('leave no password in the log', () => {
      for (const secret of [managerPassword, 'secret1', 'pässwörd', 'bulk-secret'])
        expect(entrepot.output).not.toContain(secret)
    })
  },
)
