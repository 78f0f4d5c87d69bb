import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AdminClient, type Json } from '../support/admin-client.js'
import { adminPassword, Entrepot } from '../support/entrepot.js'
import { makeImage } from '../support/images.js'
import { JfrogCli } from './jfrog-cli.js'
import { accounts } from './terraform/accounts.js'
import { permissionTargets } from './terraform/permission-targets.js'
import { platform } from './terraform/platform.js'
import { repositories } from './terraform/repositories.js'
import { drift, readState, type Resource } from './terraform/resource.js'
import { settings } from './terraform/settings.js'

/** An administrator's access token, as clients are configured with. */
async function tokenOf(entrepot: Entrepot, body: object): Promise<Json> {
  const admin = AdminClient.basic(entrepot.url, 'admin', adminPassword)
  const call = { method: 'POST', path: '/access/api/v1/tokens', body, done: [200] }
  return JSON.parse((await admin.make(call)).text) as Json
}

/**
 * The requests of clients that can't be run here, recorded from their sources: what they send, in which order, what they
 * take for success, and what they make of the answers.
 */
describe('the clients of the admin API', () => {
  let entrepot: Entrepot
  let admin: AdminClient

  beforeAll(async () => {
    entrepot = await Entrepot.start()
    const { access_token: token } = await tokenOf(entrepot, { scope: 'applied-permissions/admin' })
    admin = new AdminClient(entrepot.url, `Bearer ${String(token)}`)
  })
  afterAll(() => entrepot?.dispose())

  describe('Terraform', () => {
    it('finds at its start a version that makes it choose the newer API, and leaves its name', async () => {
      const { version } = await admin.json('/artifactory/api/system/version')
      const [major, minor] = String(version).split('.').map(Number)
      expect([major, (minor ?? 0) >= 84]).toEqual([7, true])
      const body = {
        productId: 'terraform-provider-artifactory/12.11.7',
        features: [{ featureId: 'Terraform/1.9.0' }],
      }
      await admin.make({ method: 'POST', path: '/artifactory/api/system/usage', body, done: [200] })
    })

    it.each<Resource>([...repositories, ...accounts, ...permissionTargets, ...platform, ...settings])(
      'applies $name, plans no change afterwards, imports and destroys it',
      async (resource) => {
        for (const call of resource.given ?? []) await admin.make(call)
        try {
          for (const { calls, planned } of resource.steps) {
            for (const call of calls) await admin.make(call)
            expect(drift(planned, await readState(admin, resource))).toEqual({})
          }
        } finally {
          await admin.make(resource.destroy)
        }
        if (resource.gone.length > 0) {
          expect(resource.gone).toContain((await admin.send('GET', resource.read)).status)
        }
        for (const call of resource.after ?? []) await admin.make(call)
      },
    )
  })

  describe('the JFrog CLI', () => {
    let jf: JfrogCli
    beforeAll(() => {
      jf = new JfrogCli(AdminClient.basic(entrepot.url, 'admin', adminPassword))
    })

    it('pings, and passes requests on', async () => {
      expect(await jf.ping()).toBe('OK')
      expect((await jf.curl('GET', '/api/system/version')).status).toBe(200)
      expect((await jf.curl('GET', '/api/no/such/route')).status).toBe(404)
    })

    it('creates, changes and deletes repositories of all kinds from templates', async () => {
      await jf.repoCreate({
        key: 'cli-local',
        rclass: 'local',
        packageType: 'docker',
        maxUniqueTags: 7,
        notes: '',
      })
      const url = 'https://registry.example'
      await jf.repoCreate({ key: 'cli-remote', rclass: 'remote', packageType: 'docker', url })
      const repositories = ['cli-local', 'cli-remote']
      await jf.repoCreate({ key: 'cli-virtual', rclass: 'virtual', packageType: 'docker', repositories })
      await jf.repoUpdate({ key: 'cli-local', rclass: 'local', packageType: 'docker', description: 'anew' })
      expect(await admin.json('/artifactory/api/repositories/cli-local')).toMatchObject({
        description: 'anew',
        maxUniqueTags: 7,
      })
      expect(await admin.json('/artifactory/api/repositories/cli-virtual')).toMatchObject({ repositories })
      await expect(jf.repoDelete('cli-local')).rejects.toThrow(/409.*cli-virtual/s)
      for (const pattern of ['cli-v*', 'cli-*']) await jf.repoDelete(pattern)
      expect((await admin.send('HEAD', '/artifactory/api/repositories/cli-local')).status).toBe(400)
      await expect(jf.repoDelete('cli-local')).rejects.toThrow('400')
    })

    it('creates users by the dozen, groups and their members, and deletes them', async () => {
      await jf.groupCreate('cli-group')
      await expect(jf.groupCreate('cli-group')).rejects.toThrow('already exists')
      const row = (username: string) => ({
        username,
        password: 'Quay 7 lantern',
        email: `${username}@example.org`,
      })
      await jf.usersCreate([row('cli-a'), row('cli-b')], ['cli-group'])
      await jf.usersCreate([row('cli-c')])
      await expect(jf.usersCreate([row('cli-a')])).rejects.toThrow('already exists')
      await jf.groupAddUsers('cli-group', ['cli-c'])
      const group = '/artifactory/api/security/groups/cli-group'
      expect(await admin.json(`${group}?includeUsers=true`)).toMatchObject({
        userNames: ['cli-a', 'cli-b', 'cli-c'],
      })
      await jf.usersDelete(['cli-a', 'cli-b', 'cli-c'])
      await expect(jf.usersDelete(['cli-a'])).rejects.toThrow('404')
      await jf.groupDelete('cli-group')
      await expect(jf.groupDelete('cli-group')).rejects.toThrow('404')
    })

    it('creates, replaces and deletes permission targets', async () => {
      const section = (actions: readonly string[]) => ({
        'include-patterns': ['**'],
        repositories: ['docker-local'],
        actions: { users: { anonymous: actions } },
      })
      const at = '/artifactory/api/v2/security/permissions/cli-target'
      await jf.permissionTargetCreate('cli-target', { repo: section(['read']) })
      await expect(jf.permissionTargetCreate('cli-target', { repo: section(['read']) })).rejects.toThrow(
        '409',
      )
      expect(await admin.json(at)).toMatchObject({ repo: { actions: { users: { anonymous: ['read'] } } } })
      await jf.permissionTargetUpdate('cli-target', { repo: section(['read', 'annotate']) })
      const shown = await admin.json(at)
      expect(shown).toMatchObject({ repo: { actions: { users: { anonymous: ['read', 'annotate'] } } } })
      expect(Object.keys(shown)).toEqual(['name', 'repo'])
      await jf.permissionTargetDelete('cli-target')
      await expect(jf.permissionTargetDelete('cli-target')).rejects.toThrow('404')
    })

    it('promotes one tag under another name, and then all tags of an image', async () => {
      await jf.repoCreate({ key: 'cli-target-repo', rclass: 'local', packageType: 'docker' })
      const { registry } = entrepot
      for (const tag of ['1', '2'])
        await registry.pushImage('docker-local/cli/app', tag, makeImage(`cli-${tag}`))
      const move = { image: 'cli/app', from: 'docker-local', to: 'cli-target-repo' }
      await jf.dockerPromote({ ...move, tag: '1', targetTag: 'released', copy: true })
      expect(await registry.tags('cli-target-repo/cli/app')).toEqual(['released'])
      await jf.dockerPromote({ ...move, targetImage: 'all/app' })
      expect(await registry.tags('cli-target-repo/all/app')).toEqual(['1', '2'])
      await expect(jf.dockerPromote(move)).rejects.toThrow('404')
      await jf.repoDelete('cli-target-repo')
    })

    it('makes tokens for users, groups and administrators, renews, finds and revokes them', async () => {
      await jf.usersCreate([{ username: 'cli-token', password: 'Quay 7 lantern', email: 'c@example.org' }])
      await jf.groupCreate('cli-readers')
      const own = await jf.accessTokenCreate('cli-token', { expires_in: '600', refreshable: 'true' })
      expect(own).toMatchObject({ scope: 'applied-permissions/user', expires_in: 600, token_type: 'Bearer' })
      const renewed = await jf.refresh(String(own['refresh_token']), String(own['access_token']))
      expect(renewed['access_token']).not.toBe(own['access_token'])
      const ofGroup = await jf.accessTokenCreate('cli-token', { groups: 'cli-readers' })
      expect(ofGroup).toMatchObject({ scope: 'applied-permissions/groups:cli-readers' })
      const ofAdmin = await jf.accessTokenCreate('admin', { grantAdmin: true })
      const asAdmin = new AdminClient(entrepot.url, `Bearer ${String(ofAdmin['access_token'])}`)
      expect((await asAdmin.send('GET', '/artifactory/api/security/users')).status).toBe(200)
      const ids = await jf.userTokens('cli-token')
      expect(ids.toSorted()).toEqual([renewed, ofGroup].map((token) => String(token['token_id'])).toSorted())
      for (const id of ids) await jf.revoke(id)
      expect(await jf.userTokens('cli-token')).toEqual([])
      await jf.usersDelete(['cli-token'])
      await jf.groupDelete('cli-readers')
    })
  })
})
