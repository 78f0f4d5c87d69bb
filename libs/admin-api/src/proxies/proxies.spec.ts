import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { AdminApiApp, errorsOf } from '../testing/admin-api-app.js'

const path = '/artifactory/api/system/configuration'
const canary = 'canary-proxy-password'
const remote = { rclass: 'remote', packageType: 'docker', url: 'http://127.0.0.1:1' }

let app: AdminApiApp
beforeAll(async () => {
  app = await AdminApiApp.start()
})
beforeEach(async () => {
  await app.send('DELETE', '/artifactory/api/repositories/hub')
  await app.ports.proxies.change(() => new Map(app.ports.proxies.all().map(({ key }) => [key, undefined])))
})
afterAll(() => app.close())

const patch = (raw: string) =>
  app.send('PATCH', path, undefined, { raw, headers: { 'content-type': 'application/yaml' } })
const shown = async () => (await app.send('GET', path)).text
const stored = (key: string) => app.ports.proxies.find(key)
/** As the Terraform provider writes it: every field, empty where nothing is set. */
const whole = (key: string, fields: Record<string, unknown> = {}) => {
  const all = {
    host: 'proxy.example',
    port: 3128,
    username: '""',
    password: '""',
    ntHost: '""',
    domain: '""',
    platformDefault: false,
    redirectedToHosts: '""',
    services: '""',
    ...fields,
  }
  const lines = Object.entries(all).map(([name, value]) => `        ${name}: ${String(value)}\n`)
  return `proxies:\n    ${key}:\n${lines.join('')}`
}

describe('proxies in the system configuration', () => {
  it('are made, shown without the password, changed and deleted as the Terraform provider does', async () => {
    const made = await patch(
      whole('corp', { username: 'entrepot', password: canary, redirectedToHosts: 'a.example,B.example' }),
    )
    expect([made.status, made.text]).toEqual([200, '1 changes to config merged successfully'])
    expect(stored('corp')).toMatchObject({ password: canary, redirectedToHosts: ['a.example', 'b.example'] })
    const xml = await shown()
    expect(xml.replaceAll(/\s*\n\s*/g, '')).toContain(
      '<proxies><proxy><key>corp</key><host>proxy.example</host><port>3128</port><username>entrepot</username>' +
        '<platformDefault>false</platformDefault><redirectedToHosts>a.example,b.example</redirectedToHosts></proxy></proxies>',
    )
    await patch(whole('corp', { username: 'entrepot', ntHost: 'station', services: 'jfrt,jfxr' }))
    expect(stored('corp')).toMatchObject({
      password: canary,
      redirectedToHosts: [],
      services: ['jfrt', 'jfxr'],
    })
    expect((await patch('proxies:\n  corp: ~\n')).text).toBe('1 changes to config merged successfully')
    expect(stored('corp')).toBeUndefined()
    await patch(whole('corp'))
    expect((await patch('proxies:\n    corp: "~"\n')).status).toBe(200)
    expect((await patch('proxies:\n    corp: null\n')).text).toBe('0 changes to config merged successfully')
    expect(await shown()).toContain('<proxies></proxies>')
    expect(xml + JSON.stringify(app.audited) + JSON.stringify(app.logged)).not.toContain(canary)
  })

  it('are written down, with that a password was changed and not what it is', async () => {
    await patch(whole('corp', { username: 'entrepot', password: canary }))
    expect(app.audited.at(-1)).toMatchObject({
      action: 'settings.update',
      subject: { kind: 'settings', name: 'proxies.corp' },
      after: { host: 'proxy.example', password: 'changed' },
    })
    await patch('proxies:\n  corp:\n    port: 3129\n')
    const { before, after } = app.audited.at(-1) ?? {}
    expect([before, after]).toMatchObject([{ port: 3128 }, { port: 3129 }])
  })

  it('keep what a change does not name, but show their password to no other place', async () => {
    await patch(whole('corp', { username: 'entrepot', password: canary, platformDefault: true }))
    await patch('proxies:\n  corp:\n    redirectToHosts: [login.corp]\n')
    expect(stored('corp')).toMatchObject({
      password: canary,
      platformDefault: true,
      redirectedToHosts: ['login.corp'],
    })
    await patch('proxies:\n  corp:\n    host: elsewhere.example\n')
    expect(stored('corp')).toMatchObject({ host: 'elsewhere.example', username: 'entrepot', password: '' })
    await patch(whole('corp', { username: 'entrepot', password: canary }))
    await patch('proxies:\n  corp:\n    username: ""\n')
    expect(stored('corp')?.password).toBe('')
  })

  it('say what has no effect', async () => {
    const answer = await patch(`${whole('corp', { ntHost: 'station', domain: 'CORP' })}        colour: red\n`)
    expect([answer.status, answer.headers.get('warning')]).toEqual([
      200,
      '299 - "ignored unknown fields: proxies.corp.colour, proxies.corp.ntHost, proxies.corp.domain"',
    ])
    expect(await shown()).toContain('<ntHost>station</ntHost>')
  })

  it.each([
    [
      'proxies:\n  corp:\n    port: 3128\n',
      'proxies.corp.host is missing, expected one such as proxy.example',
    ],
    ['proxies:\n  corp:\n    host: h\n', 'proxies.corp.port is missing, expected one such as 3128'],
    [whole('corp', { port: 0 }), 'proxies.corp.port is 0, expected a whole number from 1 to 65535'],
    [whole('corp', { port: '"3128"' }), 'proxies.corp.port is "3128"'],
    [whole('corp', { host: 'http://proxy.example' }), 'without scheme and port'],
    [whole('corp', { host: '"a b"' }), 'proxies.corp.host is "a b"'],
    [whole('corp', { username: '"a:b"' }), 'expected text without colon'],
    [whole('corp', { password: `"${canary}\\n"` }), 'proxies.corp.password is not acceptable'],
    [whole('corp', { redirectedToHosts: 'http://x' }), 'expected hosts'],
    [whole('corp', { services: '"$"' }), 'expected names of services'],
    [whole('corp', { platformDefault: '"yes"' }), 'expected true or false'],
    ['proxies:\n  corp: text\n', 'proxies.corp is not an object'],
    ['proxies: ~\n', 'proxies is not an object'],
    ['proxies: []\n', 'proxies is not an object'],
    ['proxies:\n  "a/b": ~\n', 'proxy name "a/b" is not possible'],
    [`${whole('fine')}security:\n  anonAccessEnabled: maybe\n`, 'expected true or false'],
  ])('refuse %j, and nothing is set', async (body, message) => {
    const answer = await patch(body)
    expect([answer.status, errorsOf(answer).join()]).toEqual([400, expect.stringContaining(message)])
    expect(answer.text).not.toContain(canary)
    expect(app.ports.proxies.all()).toEqual([])
  })

  it('do not go while a repository names them, and are named only when they are there', async () => {
    const missing = await app.put('hub', { ...remote, proxy: 'corp' })
    expect([missing.status, errorsOf(missing)]).toEqual([
      400,
      ['proxy is "corp", which there is not: create it in system/configuration first'],
    ])
    await patch(whole('corp'))
    expect((await app.put('hub', { ...remote, proxy: 'corp' })).status).toBe(200)
    const refused = await patch(`${whole('other')}    corp: ~\n`)
    expect([refused.status, errorsOf(refused)]).toEqual([
      409,
      ['proxy corp is named by 1 repositories, such as hub: change these first'],
    ])
    expect([stored('corp') !== undefined, stored('other')]).toEqual([true, undefined])
    expect((await app.post('hub', { proxy: 'none' })).status).toBe(400)
    expect((await app.post('hub', { proxy: '' })).status).toBe(200)
    expect((await patch('proxies:\n  corp: ~\n')).status).toBe(200)
    expect((await app.get('hub')).json).toMatchObject({ proxy: '', disableProxy: false })
  })
})
