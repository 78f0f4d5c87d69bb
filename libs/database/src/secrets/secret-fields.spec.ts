import { FakeSecretBox } from '@entrepot/kernel/testing'
import { describe, expect, it } from 'vitest'
import { ConfigSecrets } from './secret-fields.js'

const sealed = expect.stringMatching(/^sealed /) as string

describe('ConfigSecrets', () => {
  it('seals the secrets of each table, and nothing else', () => {
    const box = new FakeSecretBox()
    const repository = { key: 'hub', password: 's3cret', username: 'me', retrievalCachePeriodSecs: 7 }
    expect(new ConfigSecrets(box, 'repositories').sealed('hub', repository)).toEqual({
      ...repository,
      password: sealed,
    })
    const directory = { key: 'corp', search: { managerDn: 'cn=m', managerPassword: 's3cret' } }
    expect(new ConfigSecrets(box, 'ldap_settings').sealed('corp', directory)).toEqual({
      key: 'corp',
      search: { managerDn: 'cn=m', managerPassword: sealed },
    })
    const provider = { name: 'idp', client: { id: 'entrepot', secret: 's3cret' } }
    expect(new ConfigSecrets(box, 'oidc_providers').sealed('idp', provider)).toEqual({
      name: 'idp',
      client: { id: 'entrepot', secret: sealed },
    })
    const proxy = { key: 'corp', host: 'proxy.example', password: 's3cret' }
    expect(new ConfigSecrets(box, 'proxies').sealed('corp', proxy)).toEqual({ ...proxy, password: sealed })
    const groups = { name: 'groups', password: 'no secret' }
    expect(new ConfigSecrets(box, 'ldap_group_settings').sealed('groups', groups)).toEqual(groups)
  })

  it.each([
    ['no field', { key: 'hub' }],
    ['an empty one', { password: '' }],
    ['null', { password: null }],
    ['undefined', { password: undefined }],
    ['nothing around it', {}],
    ['an inherited one', Object.create({ password: 's3cret' }) as object],
  ])('leaves a configuration with %s as it is', (_what, config) => {
    const secrets = new ConfigSecrets<object>(new FakeSecretBox(), 'repositories')
    expect(secrets.sealed('hub', config)).toBe(config)
    expect(secrets.opened('hub', config)).toBe(config)
  })

  it.each([{ search: null }, { search: 'text' }, { client: undefined }])(
    'leaves %j, which has nothing where a secret could be',
    (config) => {
      expect(new ConfigSecrets<object>(new FakeSecretBox(), 'ldap_settings').sealed('corp', config)).toEqual(
        config,
      )
    },
  )

  it('opens what it has sealed, under the same name only, and what is in clear', () => {
    const secrets = new ConfigSecrets(new FakeSecretBox(), 'repositories')
    const config = { password: 's3cret' }
    const stored = secrets.sealed('hub', config)
    expect(secrets.opened('hub', stored)).toEqual(config)
    expect(() => secrets.opened('other', stored)).toThrow(expect.objectContaining({ code: 'UNAVAILABLE' }))
    expect(secrets.opened('hub', config)).toEqual(config)
    expect(config).toEqual({ password: 's3cret' })
  })
})
