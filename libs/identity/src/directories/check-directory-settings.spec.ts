import { isRegistryError } from '@entrepot/kernel'
import { companyDirectory, companyGroups } from '@entrepot/identity/testing'
import { describe, expect, it } from 'vitest'
import { checkDirectoryGroupSettings, checkDirectorySettings } from './check-directory-settings.js'
import { changedDirectorySettings, type DirectorySettingsFields } from './default-directory-settings.js'
import type { DirectoryGroupSettings } from './directory-settings.js'

const url = 'ldap://directory.example/dc=example,dc=com'
const secret = 'canary-settings-2b8e'

function refusalOf(check: () => void): string {
  try {
    check()
  } catch (error) {
    expect(isRegistryError(error, 'REQUEST_INVALID')).toBe(true)
    return (error as Error).message
  }
  throw new Error('the settings were taken')
}

describe('the settings of a directory', () => {
  it.each<[string, DirectorySettingsFields, (readonly string[])?]>([
    ['the least that works', {}],
    [
      'ldaps with several servers',
      {},
      ['ldaps://a.example/dc=x', 'ldaps://b.example:6636/dc=x', 'ldaps://[::1]/dc=x'],
    ],
    ['a base with blanks', {}, ['ldap://a.example/ou=my%20people,dc=x']],
    ['StartTLS', { startTls: true }],
    ['a direct bind without a search', { userDnPattern: 'uid={0},ou=people', search: { searchFilter: '' } }],
    ['no manager', { search: { managerDn: undefined, managerPassword: undefined } }],
    ['several search bases', { search: { searchBase: 'ou=a|ou=b' } }],
    ['the user name of Active Directory as manager', { search: { managerDn: 'svc@corp.example' } }],
  ])('are taken with %s', (_what, fields, urls) => {
    expect(() => checkDirectorySettings(companyDirectory(urls ?? [url], fields))).not.toThrow()
  })

  it.each<[string, DirectorySettingsFields, RegExp, (readonly string[])?]>([
    ['no key', { key: '' }, /^key is ""/],
    ['a key with a blank', { key: 'my corp' }, /^key is "my corp"/],
    ['the realm of tokens without a user as key', { key: 'token' }, /^key is "token".*another name/],
    ['the realm of internal users as key', { key: 'internal' }, /^key is "internal".*another name/],
    ['no URL', {}, /^ldap_urls/, []],
    ['another protocol', {}, /^ldap_urls must be ldap:\/\/host:port/, ['http://directory.example']],
    ['a host without protocol', {}, /^ldap_urls must be/, ['directory.example']],
    ['a password in the URL', {}, /^ldap_urls must be/, [`ldap://manager:${secret}@directory.example/dc=x`]],
    ['a query', {}, /^ldap_urls must be/, ['ldap://directory.example/dc=x?uid?sub']],
    [
      'a path that is no DN',
      {},
      /^ldap_urls is.*whose path is a DN/,
      ['ldap://directory.example/example.com'],
    ],
    [
      'StartTLS on ldaps',
      { startTls: true },
      /^start_tls is true.*false beside/,
      ['ldaps://directory.example'],
    ],
    ['no certificates', { caCertificates: '' }, /^ca_certificates must be PEM/],
    ['certificates that are none', { caCertificates: 'trust me' }, /^ca_certificates must be PEM/],
    [
      'a certificate that can not be read',
      { caCertificates: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----' },
      /^ca_certificates.*number 1 can't be read/,
    ],
    [
      'a private key',
      { caCertificates: `-----BEGIN PRIVATE KEY-----\n${secret}\n-----END PRIVATE KEY-----` },
      /^ca_certificates.*without a key/,
    ],
    [
      'a direct bind without {0}',
      { userDnPattern: 'uid=x,ou=people' },
      /^user_dn_pattern is "uid=x,ou=people".*\{0\}/,
    ],
    ['a direct bind that is no DN', { userDnPattern: '{0}@corp' }, /^user_dn_pattern/],
    ['neither search nor direct bind', { search: { searchFilter: '' } }, /^search.search_filter is ""/],
    [
      'a filter without {0}',
      { search: { searchFilter: '(uid=alice)' } },
      /^search.search_filter.*compares with the name/,
    ],
    [
      'a filter where {0} is a pattern',
      { search: { searchFilter: '(uid={0}*)' } },
      /^search.search_filter.*compares with the name/,
    ],
    [
      'a filter that can not be read',
      { search: { searchFilter: '(&(uid={0})' } },
      /^search.search_filter is "\(&\(uid=\{0\}\)"/,
    ],
    [
      'a search base that is no DN',
      { search: { searchBase: 'ou=a|people' } },
      /^search.search_base is "people"/,
    ],
    ['a manager without a password', { search: { managerPassword: '' } }, /^search.manager_password/],
    [
      'a manager whose password is left out',
      { search: { managerPassword: undefined } },
      /^search.manager_password/,
    ],
    [
      'a password without a manager',
      { search: { managerDn: undefined, managerPassword: secret } },
      /^search.manager_dn/,
    ],
    ['an empty manager', { search: { managerDn: '' } }, /^search.manager_dn/],
    ['an address attribute that is none', { emailAttribute: 'e mail' }, /^email_attribute is "e mail"/],
    [
      'unknown referrals',
      { referrals: 'chase' as 'follow' },
      /^referrals is "chase", and must be follow or ignore/,
    ],
    ['pages of nothing', { pageSize: 0 }, /^page_size is 0/],
    ['no time to connect', { connectTimeoutMilliseconds: 0 }, /^connect_timeout_milliseconds is 0/],
    ['time without end', { readTimeoutMilliseconds: Infinity }, /^read_timeout_milliseconds/],
  ])('are refused with %s, in words that name the field', (_what, fields, message, urls) => {
    const refusal = refusalOf(() => checkDirectorySettings(companyDirectory(urls ?? [url], fields)))
    expect(refusal).toMatch(message)
    expect(refusal).not.toContain(secret)
  })
})

describe('group settings', () => {
  it.each<Partial<DirectoryGroupSettings>>([
    {},
    { groupMemberAttribute: 'memberUid' },
    { groupMemberAttribute: 'member:1.2.840.113556.1.4.1941:', filter: '(objectClass=group)' },
    { groupMemberAttribute: 'msds-memberOfTransitive', strategy: 'DYNAMIC' },
    { groupMemberAttribute: '', groupNameAttribute: 'ou', strategy: 'HIERARCHICAL' },
    { nestedDepth: 10 },
  ])('are taken with %j', (fields) => {
    expect(() => checkDirectoryGroupSettings(companyGroups(fields))).not.toThrow()
  })

  it.each<[Partial<DirectoryGroupSettings>, RegExp]>([
    [{ name: '' }, /^name is ""/],
    [
      { strategy: 'MAGIC' as 'STATIC' },
      /^strategy is "MAGIC", and must be one of STATIC, DYNAMIC, HIERARCHICAL/,
    ],
    [{ groupBaseDn: 'groups' }, /^group_base_dn is "groups"/],
    [{ groupNameAttribute: 'c n' }, /^group_name_attribute/],
    [{ groupMemberAttribute: 'member)(x' }, /^group_member_attribute/],
    [
      { groupMemberAttribute: 'member:1.2.840.113556.1.4.1941:', strategy: 'DYNAMIC' },
      /^group_member_attribute/,
    ],
    [{ filter: '(objectClass=group' }, /^filter is "\(objectClass=group"/],
    [{ filter: '' }, /^filter is ""/],
    [{ nestedDepth: 11 }, /^nested_depth is 11/],
  ])('are refused with %j', (fields, message) => {
    expect(refusalOf(() => checkDirectoryGroupSettings(companyGroups(fields)))).toMatch(message)
  })
})

describe('a change of settings', () => {
  const current = companyDirectory([url, 'ldap://second.example'], {
    search: { managerDn: 'cn=m', managerPassword: secret },
  })
  const passwordAfter = (fields: DirectorySettingsFields) =>
    changedDirectorySettings(current, fields).search.managerPassword

  it('keeps the password that it leaves out, as long as it goes where it went', () => {
    expect(passwordAfter({ enabled: false, search: { searchFilter: '(cn={0})' } })).toBe(secret)
    expect(passwordAfter({ urls: ['ldap://second.example:389/dc=other'] })).toBe(secret)
    expect(passwordAfter({ search: { managerPassword: 'new' } })).toBe('new')
  })

  it('forgets it for another manager, for none, and for a server that has not had it', () => {
    expect(passwordAfter({ search: { managerDn: 'cn=other' } })).toBeUndefined()
    expect(passwordAfter({ search: { managerDn: undefined } })).toBeUndefined()
    expect(passwordAfter({ urls: ['ldap://mine.example'] })).toBeUndefined()
    expect(passwordAfter({ urls: ['ldap://second.example:3890'] })).toBeUndefined()
  })

  it('forgets it when it would be sent with less protection, or to whoever has other certificates', () => {
    const after = (given: DirectorySettingsFields, fields: DirectorySettingsFields, urls = [url]) =>
      changedDirectorySettings({ ...companyDirectory(urls), ...given, search: current.search }, fields).search
        .managerPassword
    const caCertificates = 'PEM of one'
    expect(after({ startTls: true }, { startTls: false })).toBeUndefined()
    expect(after({ startTls: true, caCertificates }, { caCertificates: 'PEM of another' })).toBeUndefined()
    expect(after({ startTls: true }, { caCertificates })).toBeUndefined()
    expect(after({ startTls: true, caCertificates }, { caCertificates: undefined })).toBeUndefined()
    const ldaps = ['ldaps://first.example:3269']
    expect(after({}, { urls: ['ldap://first.example:3269'] }, ldaps)).toBeUndefined()
    expect(after({}, { caCertificates }, ldaps)).toBeUndefined()
    expect(after({}, { startTls: true, caCertificates })).toBe(secret)
    expect(after({ startTls: true, caCertificates }, { startTls: true, caCertificates })).toBe(secret)
    expect(after({ startTls: true }, { enabled: false })).toBe(secret)
  })

  it('never changes the key', () => {
    expect(changedDirectorySettings(current, { key: 'other' }).key).toBe('corp')
  })
})
