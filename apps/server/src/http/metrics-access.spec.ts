import type { IncomingMessage } from 'node:http'
import { type Authentication, administrationScope } from '@entrepot/identity'
import { anonymous, RegistryError } from '@entrepot/kernel'
import { RecordingAuditTrail, userPrincipal } from '@entrepot/kernel/testing'
import { describe, expect, it } from 'vitest'
import { MetricsAccess } from './metrics-access.js'

const admin = userPrincipal('root', { admin: true })
const limits = [{ repositoryKey: '*', path: '**', actions: ['read'] }] as const

async function check(proved: Authentication | Error, authorization: string | undefined = 'Basic cm9vdDp4') {
  const audit = new RecordingAuditTrail()
  const authenticator = {
    authenticate: async () => {
      if (proved instanceof Error) throw proved
      return proved
    },
  }
  const access = new MetricsAccess(authenticator, () => '192.0.2.7', audit)
  const request = { method: 'GET', headers: authorization === '' ? {} : { authorization } }
  const outcome = await access.check(request as IncomingMessage).then(
    () => 'allowed',
    (error: RegistryError) => error.code,
  )
  return { outcome, audited: audit.entries }
}

describe('MetricsAccess', () => {
  it.each<readonly [string, Authentication]>([
    ['an administrator by password', { kind: 'basic', principal: admin }],
    ['an administrator by token', { kind: 'access-token', principal: admin }],
    [
      'a token for metrics, whoever it belongs to',
      { kind: 'access-token', principal: userPrincipal('ci', { readsMetrics: true, limits: [] }) },
    ],
    [
      'a token for metrics as a password',
      { kind: 'basic', principal: userPrincipal('ci', { readsMetrics: true }) },
    ],
    [
      'an administrator by a registry token that administers',
      { kind: 'bearer', token: { principal: admin, scopes: [administrationScope] } },
    ],
  ])('lets %s in, without a trace', async (_who, proved) => {
    expect(await check(proved)).toEqual({ outcome: 'allowed', audited: [] })
  })

  it.each<readonly [string, Authentication]>([
    ['a user', { kind: 'basic', principal: userPrincipal('ann') }],
    ['a token of a user', { kind: 'access-token', principal: userPrincipal('ann') }],
    ['a token with limits of an administrator', { kind: 'access-token', principal: { ...admin, limits } }],
  ])('refuses %s, and writes it down', async (_who, proved) => {
    const { outcome, audited } = await check(proved)
    expect(outcome).toBe('DENIED')
    expect(audited).toEqual([
      expect.objectContaining({
        action: 'access',
        outcome: 'refused',
        subject: { kind: 'route', name: 'GET /metrics' },
        origin: { address: '192.0.2.7', requestId: expect.any(String) as string },
      }),
    ])
  })

  it.each<readonly [string, Authentication]>([
    [
      'an administrator’s registry token for content',
      { kind: 'bearer', token: { principal: admin, scopes: [] } },
    ],
    ['an anonymous registry token', { kind: 'bearer', token: { principal: anonymous, scopes: [] } }],
  ])('asks who shows %s to log in, and writes it down', async (_who, proved) => {
    const { outcome, audited } = await check(proved)
    expect(outcome).toBe('UNAUTHORIZED')
    expect(audited).toHaveLength(1)
  })

  it('asks who shows nothing to log in, without a trace', async () => {
    expect(await check({ kind: 'none' }, '')).toEqual({ outcome: 'UNAUTHORIZED', audited: [] })
  })

  it('passes on what went wrong, and writes nothing down that is in the trail already', async () => {
    const wrong = new RegistryError('UNAUTHORIZED', 'wrong', { isForAudit: false })
    expect(await check(wrong)).toEqual({ outcome: 'UNAUTHORIZED', audited: [] })
    expect(await check(new RegistryError('UNAVAILABLE', 'down'))).toEqual({
      outcome: 'UNAVAILABLE',
      audited: [],
    })
  })
})
