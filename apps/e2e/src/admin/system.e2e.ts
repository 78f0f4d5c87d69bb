import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { adminPassword, Entrepot } from '../support/entrepot.js'

const admin = `Basic ${Buffer.from(`admin:${adminPassword}`).toString('base64')}`

describe('the system', () => {
  let entrepot: Entrepot
  const ask = (method: string, path: string, body?: object, authorization: string | undefined = admin) =>
    fetch(`${entrepot.url}/${path}`, {
      method,
      headers: {
        ...(authorization === '' ? {} : { authorization }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  const setPassword = async (password: string) =>
    (await ask('PUT', 'artifactory/api/security/users/ann', { email: 'ann@example.org', password })).status

  beforeAll(async () => {
    entrepot = await Entrepot.start()
  })
  afterAll(() => entrepot?.dispose())

  it("answers the probes of JFrog's platform without a login", async () => {
    const health = await ask('GET', 'router/api/v1/system/health', undefined, '')
    expect([health.status, await health.json()]).toMatchObject([
      200,
      { router: { state: 'HEALTHY' }, services: [{ state: 'HEALTHY' }, { state: 'HEALTHY' }] },
    ])
    for (const service of ['access', 'router']) {
      const ping = await ask('GET', `${service}/api/v1/system/ping`, undefined, '')
      expect([ping.status, await ping.text()]).toEqual([200, 'OK'])
    }
    expect((await ask('GET', 'router/api/v1/system/none', undefined, '')).status).toBe(404)
  })

  it('asks of new passwords what administrators have said, also after a restart', async () => {
    const path = 'access/api/v1/config/security/password_policy'
    expect((await ask('PATCH', path, { length: 14, digit: 1 })).status).toBe(204)
    expect(await setPassword('short-1-crane')).toBe(400)
    await entrepot.restart()
    expect(await (await ask('GET', path)).json()).toMatchObject({ length: 14, digit: 1, uppercase: 0 })
    expect(await setPassword('no-digits-in-this-crane')).toBe(400)
    expect(await setPassword('long-enough-crane-7')).toBe(201)
  })
})
