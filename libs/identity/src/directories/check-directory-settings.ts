import { X509Certificate } from 'node:crypto'
import { RegistryError } from '@entrepot/kernel'
import { tokenRealm } from '../tokens/live-access-tokens.js'
import { internalRealm } from '../user-account.js'
import { parseLdapUrl } from './directory-server.js'
import { type DirectoryGroupSettings, type DirectorySettings, groupStrategies } from './directory-settings.js'
import { reasonOf } from './ldap-connection.js'
import { comparedWithName, isDn, parseFilter } from './ldap-text.js'

/** @throws RegistryError REQUEST_INVALID naming the field, its value unless that is secret, and what is allowed */
export function checkDirectorySettings(settings: DirectorySettings): void {
  checkName('key', settings.key)
  if (settings.key === internalRealm)
    throw refusal('key', settings.key, 'another name: this is the realm of the users of this registry')
  if (settings.key === tokenRealm)
    throw refusal('key', settings.key, "another name: this is the realm of tokens that are no user's")
  checkUrls(settings)
  checkCertificates(settings.caCertificates)
  checkSearch(settings)
  checkAttribute('emailAttribute', settings.emailAttribute)
  if (settings.referrals !== 'follow' && settings.referrals !== 'ignore')
    throw refusal('referrals', settings.referrals, 'follow or ignore')
  checkNumber('pageSize', settings.pageSize, 1, 10_000)
  checkNumber('connectTimeoutMilliseconds', settings.connectTimeoutMilliseconds, 100, 60_000)
  checkNumber('readTimeoutMilliseconds', settings.readTimeoutMilliseconds, 100, 120_000)
}

/** @throws RegistryError REQUEST_INVALID likewise */
export function checkDirectoryGroupSettings(settings: DirectoryGroupSettings): void {
  checkName('name', settings.name)
  if (settings.groupBaseDn !== '') checkDn('groupBaseDn', settings.groupBaseDn)
  checkAttribute('groupNameAttribute', settings.groupNameAttribute)
  checkAttribute('descriptionAttribute', settings.descriptionAttribute)
  if (!groupStrategies.includes(settings.strategy))
    throw refusal('strategy', settings.strategy, `one of ${groupStrategies.join(', ')}`)
  if (settings.strategy !== 'HIERARCHICAL') checkMemberAttribute(settings)
  checkFilter('filter', settings.filter)
  checkNumber('nestedDepth', settings.nestedDepth, 0, 10)
}

function checkUrls({ urls, startTls }: DirectorySettings): void {
  if (urls.length === 0 || urls.length > 10) throw refusal('ldapUrls', urls, 'one to ten URLs')
  for (const text of urls) {
    const url = parseLdapUrl(text)
    const allowed = 'ldap://host:port/dc=example,dc=com or ldaps://…, without user, password and query'
    // The text is not repeated: a password may have been put into it.
    if (url === undefined || url.query !== '')
      throw new RegistryError('REQUEST_INVALID', `ldap_urls must be ${allowed}`)
    if (url.baseDn !== '' && !isDn(url.baseDn))
      throw refusal('ldapUrls', text, 'an address whose path is a DN, such as dc=example,dc=com')
    if (startTls && url.isTls)
      throw refusal('startTls', true, `false beside ${text}, which is TLS from the start; or use ldap://`)
  }
}

function checkCertificates(pem: string | undefined): void {
  if (pem === undefined) return
  const allowed = 'PEM certificates, each from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----'
  if (pem.includes('PRIVATE KEY'))
    throw new RegistryError('REQUEST_INVALID', `ca_certificates must be ${allowed}, without a key`)
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  const rest = blocks.reduce((text, block) => text.replace(block, () => ''), pem)
  if (blocks.length === 0 || rest.includes('-----'))
    throw new RegistryError('REQUEST_INVALID', `ca_certificates must be ${allowed}`)
  for (const [index, block] of blocks.entries()) {
    try {
      readCertificate(block)
    } catch (error) {
      throw new RegistryError(
        'REQUEST_INVALID',
        `ca_certificates must be ${allowed}: number ${index + 1} can't be read (${reasonOf(error)})`,
      )
    }
  }
}

function readCertificate(pem: string): X509Certificate {
  return new X509Certificate(pem)
}

function checkSearch({ search, userDnPattern }: DirectorySettings): void {
  if (userDnPattern !== undefined && !(isDn(userDnPattern) && userDnPattern.includes('{0}')))
    throw refusal(
      'userDnPattern',
      userDnPattern,
      'a DN with {0} for the user name, such as uid={0},ou=people',
    )
  if (search.searchFilter === '' && userDnPattern === undefined)
    throw refusal('search.searchFilter', '', 'a filter such as (uid={0}) where there is no user_dn_pattern')
  if (search.searchFilter !== '') {
    checkFilter('search.searchFilter', search.searchFilter)
    if (comparedWithName(search.searchFilter).length === 0)
      throw refusal(
        'search.searchFilter',
        search.searchFilter,
        'a filter that compares with the name, such as (uid={0})',
      )
  }
  for (const base of search.searchBase.split('|')) if (base.trim() !== '') checkDn('search.searchBase', base)
  checkManager(search.managerDn, search.managerPassword)
}

/** A manager without a password would be taken by the server for nobody (RFC 4513 section 5.1.2). */
function checkManager(dn: string | undefined, password: string | undefined): void {
  if (dn !== undefined && (dn === '' || dn.includes('\0')))
    throw refusal('search.managerDn', dn, 'a DN, or left out for searches without a login')
  if (dn !== undefined && (password === undefined || password === ''))
    throw new RegistryError(
      'REQUEST_INVALID',
      `search.manager_password must be given, and not be empty, beside manager_dn ${JSON.stringify(dn)}; a stored one is kept as long as manager_dn and the servers stay`,
    )
  if (dn === undefined && password !== undefined)
    throw new RegistryError('REQUEST_INVALID', 'search.manager_dn must be given beside a manager_password')
}

function checkMemberAttribute({ groupMemberAttribute, strategy }: DirectoryGroupSettings): void {
  const isRule = /^[A-Za-z][\w-]*:[\d.]+:$/.test(groupMemberAttribute)
  if (isRule && strategy === 'STATIC') return
  const allowed = 'an attribute such as member, uniqueMember, memberUid or memberOf'
  if (!attributePattern.test(groupMemberAttribute)) {
    throw refusal(
      'groupMemberAttribute',
      groupMemberAttribute,
      `${allowed}; with STATIC also one with a matching rule, such as member:1.2.840.113556.1.4.1941:`,
    )
  }
}

const attributePattern = /^[A-Za-z][A-Za-z0-9-]{0,127}$/

function checkName(field: string, value: string): void {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(value))
    throw refusal(field, value, '1 to 64 letters, digits and . _ -, beginning with a letter or digit')
}

function checkAttribute(field: string, value: string): void {
  if (!attributePattern.test(value)) throw refusal(field, value, 'the name of an attribute, such as cn')
}

function checkDn(field: string, value: string): void {
  if (!isDn(value.trim())) throw refusal(field, value, 'a DN, such as ou=people')
}

function checkNumber(field: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most)
    throw refusal(field, value, `a whole number from ${least} to ${most}`)
}

function checkFilter(field: string, value: string): void {
  try {
    parseFilter(value)
  } catch (error) {
    throw refusal(field, value, `an LDAP filter such as (objectClass=person): ${reasonOf(error)}`)
  }
}

/** Messages name the fields as administrators write them, which is with underlines. */
function refusal(field: string, value: unknown, allowed: string): RegistryError {
  const written = field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
  return new RegistryError(
    'REQUEST_INVALID',
    `${written} is ${JSON.stringify(value)}, and must be ${allowed}`,
    { detail: { field: written } },
  )
}
