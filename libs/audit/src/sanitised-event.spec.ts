import { describe, expect, it } from 'vitest'
import { sanitisedEvent } from './sanitised-event.js'
import { auditEvent } from './testing/audit-event.js'

const at = new Date('2026-11-20T12:00:00Z')
const canary = 'canary-7f3a9c'
const after = (fields: object) => sanitisedEvent(auditEvent({ after: fields }), at).after

describe('a sanitised event', () => {
  it('has the time it was recorded at and everything that was harmless', () => {
    const event = auditEvent({
      realm: 'internal',
      subject: { kind: 'user', name: 'ada' },
      before: { groups: ['a'], admin: false, nested: { depth: [1, null] } },
      after: {},
      reason: 'asked for',
    })
    expect(sanitisedEvent(event, at)).toEqual({ ...event, at })
  })

  it.each([
    { password: canary },
    { oldPassword: canary, passwd: canary, passphrase: canary, bindPw: canary },
    { config: { managerPassword: canary, managerDn: 'cn=manager' } },
    { token: canary, access_token: canary, refreshToken: [canary], idToken: { raw: canary } },
    { Authorization: canary, 'set-cookie': canary },
    { clientSecret: canary, apiKey: canary, 'api-key': canary, private_key: canary, signingKey: canary },
    { credentials: { user: canary } },
    { list: [[{ secret: canary }]] },
    { password: 20261120, text: 'canary-free' },
    { url: `https://robot:${canary}@registry.example/v2/` },
    { header: `Bearer ${canary}`, other: `basic ${canary}` },
    { bytes: Buffer.from(canary) },
    new Map([['password', { password: canary }]]),
    { error: new Error(`https://u:${canary}@host refused`) },
    { [`https://u:${canary}@host`]: 1 },
  ])('never holds the secret of %o', (fields) => {
    const text = JSON.stringify(sanitisedEvent(auditEvent({ before: fields, after: [fields] }), at))
    expect(text).not.toContain(canary)
    expect(text).not.toContain('20261120,')
  })

  it('blots secrets out of every text', () => {
    const login = `https://u:${canary}@host`
    const event = auditEvent({
      actor: login,
      realm: login,
      subject: { kind: login, name: login },
      origin: { address: login, requestId: login },
      reason: `Bearer ${canary}`,
    })
    expect(JSON.stringify(sanitisedEvent(event, at))).not.toContain(canary)
  })

  it('still says what only speaks of a secret', () => {
    const fields = {
      passwordDisabled: true,
      token: null,
      tokenId: 'af0c',
      passwordMinimumLength: 12,
      tokenLifetimeSeconds: 300,
      repositoryKey: 'docker-local',
    }
    expect(after(fields)).toEqual(fields)
  })

  it('shows what would forge, hide or turn a part of a line', () => {
    const event = auditEvent({
      actor: 'eve\r\n{"actor":"root"}\0\u001b[2K\u2028\u202e\u0085\ud800',
      after: { 'name\n': 'value\r' },
    })
    const clean = sanitisedEvent(event, at)
    expect(clean.actor).toBe(
      String.raw`eve\u000d\u000a{"actor":"root"}\u0000\u001b[2K\u2028\u202e\u0085` + '\ufffd',
    )
    expect(clean.after).toEqual({ [String.raw`name\u000a`]: String.raw`value\u000d` })
  })

  it('is bounded, whatever it was made of', () => {
    const loop: Record<string, unknown> = { name: 'loop' }
    loop['self'] = loop
    const huge = {
      loop,
      text: 'x'.repeat(1_000_000),
      many: Array.from({ length: 100_000 }, (_, n) => n),
      wide: Object.fromEntries(Array.from({ length: 100_000 }, (_, n) => [`n${n}`, n])),
    }
    const event = auditEvent({ actor: 'a'.repeat(100_000), before: huge, after: huge })
    expect(JSON.stringify(sanitisedEvent(event, at)).length).toBeLessThan(60_000)
  })

  it('takes what JSON can not say', () => {
    expect(
      after({
        big: 10n,
        date: at,
        noDate: new Date(Number.NaN),
        none: undefined,
        call: () => 1,
        set: new Set([1]),
        error: new TypeError('no'),
      }),
    ).toEqual({ big: '10', date: at.toISOString(), noDate: null, set: [1], error: { error: 'no' } })
  })
})
