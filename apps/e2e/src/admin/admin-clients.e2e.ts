import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AdminClient, type Json } from '../support/admin-client.js'
import { adminPassword, Entrepot } from '../support/entrepot.js'
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
})
