import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AdminApiApp, basic, errorsOf, userPassword } from '../testing/admin-api-app.js'

const path = '/artifactory/api/system/configuration'

let app: AdminApiApp
beforeAll(async () => {
  app = await AdminApiApp.start()
})
afterAll(() => app.close())

const patch = (raw: string, type = 'application/yaml') =>
  app.send('PATCH', path, undefined, { raw, headers: { 'content-type': type } })
const shown = async () => (await app.send('GET', '/artifactory/api/securityconfig')).json

describe('the configuration of the whole', () => {
  it('lets in who has not logged in, and nobody any more, and writes it down', async () => {
    expect(await shown()).toEqual({ anonAccessEnabled: false })
    for (const enabled of [true, false]) {
      const answer = await patch(`security:\n    anonAccessEnabled: ${enabled}\n`)
      expect([answer.status, answer.headers.get('content-type')]).toEqual([
        200,
        expect.stringMatching(/^text\/plain/),
      ])
      expect(await shown()).toEqual({ anonAccessEnabled: enabled })
      expect((await app.send('GET', '/artifactory/api/entrepot/anonymous')).json).toEqual({ enabled })
      expect(app.audited.at(-1)).toMatchObject({
        action: 'settings.update',
        subject: { name: 'anonymous' },
        after: { enabled },
      })
    }
  })

  it.each([
    ['{}', '0 changes'],
    ['security: {}', '0 changes'],
    ['{"security": {"anonAccessEnabled": false}}', '1 changes'],
    ['security: {}\nproxies: {}', '0 changes'],
  ])('takes %s', async (body, text) => {
    const answer = await patch(body)
    expect([answer.status, answer.text]).toEqual([200, expect.stringContaining(text)])
  })

  it.each([
    [
      'another type',
      'security:\n  anonAccessEnabled: "yes"\n',
      /anonAccessEnabled is "yes", expected true or false/,
    ],
    ['a list', 'security: []', /security is not an object/],
    ['no mapping', '- a', /not a YAML mapping/],
    ['nothing', '', /not a YAML mapping/],
    ['what is no YAML', 'security: {', /not YAML: .* at line 1/],
    ['the same name twice', 'security: {}\nsecurity: {}\n', /a key for the second time at line 2/],
    ['aliases', 'security: &a {}\nother: *a\n', /aliases/],
    ['NUL', 'security: "a\\0b"\n', /NUL/],
    ['a deep list', `a: ${'['.repeat(100)}${']'.repeat(100)}`, /nests deeper than 32/],
  ])('refuses %s with 400 and sets nothing', async (_what, body, message) => {
    const answer = await patch(body)
    expect(answer.status).toBe(400)
    expect(errorsOf(answer)).toEqual([expect.stringMatching(message)])
    expect(await shown()).toEqual({ anonAccessEnabled: false })
  })

  it('takes what it does not know without effect, and says so', async () => {
    const answer = await patch(
      'backups: {}\nsecurity:\n  hideUnauthorizedResources: true\n  anonAccessEnabled: false\n',
    )
    expect([answer.status, answer.text]).toEqual([200, '1 changes to config merged successfully'])
    expect(answer.headers.get('warning')).toBe(
      '299 - "ignored unknown fields: backups, security.hideUnauthorizedResources"',
    )
  })

  it('is shown as XML', async () => {
    const answer = await app.send('GET', path)
    expect([answer.status, answer.headers.get('content-type')]).toEqual([
      200,
      expect.stringMatching(/^application\/xml/),
    ])
    expect(answer.text).toContain('<anonAccessEnabled>false</anonAccessEnabled>')
    expect(answer.text).toMatch(
      /<userLockPolicy>\s*<enabled>\w+<\/enabled>\s*<loginAttempts>\d+<\/loginAttempts>/,
    )
    expect(answer.text).toContain('<proxies></proxies>')
  })

  it('is for administrators', async () => {
    const user = { authorization: basic('user', userPassword) }
    expect((await app.send('GET', path, undefined, user)).status).toBe(403)
    const raw = { ...user, raw: 'proxies: {}', headers: { 'content-type': 'application/yaml' } }
    expect((await app.send('PATCH', path, undefined, raw)).status).toBe(403)
  })

  it('refuses a body of another type, and one that is too long', async () => {
    expect((await patch('{}', 'application/json')).status).toBe(415)
    expect((await patch(`# ${'x'.repeat(1024 * 1024)}`)).status).toBe(413)
  })
})
