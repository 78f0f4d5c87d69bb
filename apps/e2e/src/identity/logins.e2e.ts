import { PostgresAuditStore, PostgresSecuritySettingStore } from '@entrepot/database'
import { TestDatabase } from '@entrepot/database/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { adminPassword, Entrepot } from '../support/entrepot.js'
import { type Answer, Registry } from '../support/registry-client.js'
import { eventually } from '../support/workplace.js'

const annPassword = 'gangway:Left 17'

/** So that a test can come from anywhere. */
const trusted = { ENTREPOT_TRUSTED_PROXIES: '127.0.0.0/8' }

describe('logins on two replicas', () => {
  let db: TestDatabase
  let one: Entrepot
  let other: Entrepot
  beforeAll(async () => {
    db = await TestDatabase.create()
    one = await Entrepot.start({ env: { ENTREPOT_DATABASE_URL: db.url, ...trusted } })
    other = await Entrepot.start({ env: { ENTREPOT_DATABASE_URL: db.url, ...trusted } })
    for (const name of ['ann', 'bea']) await createUser(name)
  })
  afterAll(async () => {
    await Promise.all([one?.dispose(), other?.dispose()])
    await db?.close()
  })

  const createUser = async (name: string) => {
    const basic = Buffer.from(`admin:${adminPassword}`).toString('base64')
    const response = await fetch(`${one.url}/artifactory/api/security/users/${name}`, {
      method: 'PUT',
      headers: { authorization: `Basic ${basic}`, 'content-type': 'application/json' },
      body: JSON.stringify({ name, email: `${name}@corp.example`, password: annPassword }),
    })
    if (response.status !== 201) throw new Error(`PUT user: ${response.status} ${await response.text()}`)
  }
  const login = (replica: Entrepot, user: string, password: string, address = '192.0.2.1'): Promise<Answer> =>
    new Registry(replica.url, { user, password }).get('/v2/', { 'x-forwarded-for': address })
  const guess = async (user: string, replicas: readonly Entrepot[]) => {
    const statuses: number[] = []
    for (const [index, replica] of replicas.entries()) {
      statuses.push((await login(replica, user, `guess ${index}`)).status)
    }
    return statuses
  }

  it.each(['ann', 'nobody-of-this-name'])('are slowed down for %s on both', async (user) => {
    expect(await guess(user, [one, other, one])).toEqual([401, 401, 401])
    const refused = await login(other, user, annPassword, '198.51.100.7')
    expect(refused.status).toBe(429)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
    expect(refused.body.toString()).toContain('too many logins have failed')
    expect((await login(other, 'bea', annPassword)).status).toBe(200)
  })

  it('work again after the wait, and start from zero', async () => {
    const until = async () => (await login(other, 'ann', annPassword)).status === 200
    await eventually('ann may log in again', until)
    expect(await guess('ann', [one, other])).toEqual([401, 401])
    expect((await login(one, 'ann', annPassword)).status).toBe(200)
  })

  it('lock an administrator only until the next start', async () => {
    const settings = new PostgresSecuritySettingStore(db.database)
    await settings.put('lockPolicy', { enabled: true, loginAttempts: 2 })
    const locks = async () => {
      await guess('admin', [one, other])
      const answer = await login(other, 'admin', `${adminPassword} but wrong`, '198.51.100.8')
      return answer.status === 403 && answer.body.toString().includes('an administrator has to unlock it')
    }
    await eventually('admin is locked', locks)
    await one.restart()
    expect((await login(one, 'admin', adminPassword)).status).toBe(200)
    expect((await login(other, 'admin', adminPassword)).status).toBe(200)
    // Lines of the log reach this process a little later.
    await eventually('the log tells', () => one.output.includes('this start unlocks them'))
    const audit = new PostgresAuditStore(db.database)
    await eventually('the audit trail has it', async () => {
      const [event] = await audit.search({ action: 'user.unlock', subject: 'admin', limit: 10 })
      return event?.actor === 'server' && event.origin.address === 'local'
    })
  })
})
