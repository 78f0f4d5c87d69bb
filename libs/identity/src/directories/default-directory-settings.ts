import { parseLdapUrl } from './directory-server.js'
import type { DirectoryGroupSettings, DirectorySearch, DirectorySettings } from './directory-settings.js'

export type DirectorySettingsFields = Partial<Omit<DirectorySettings, 'search'>> & {
  readonly search?: Partial<DirectorySearch>
}

const defaults: Omit<DirectorySettings, 'key' | 'urls' | 'search'> = {
  enabled: true,
  startTls: false,
  caCertificates: undefined,
  userDnPattern: undefined,
  autoCreateUser: true,
  emailAttribute: 'mail',
  referrals: 'follow',
  pagingSupport: true,
  pageSize: 1000,
  connectTimeoutMilliseconds: 5_000,
  readTimeoutMilliseconds: 15_000,
  ldapPoisoningProtection: true,
  allowUserToAccessProfile: false,
}

const searchDefaults: DirectorySearch = {
  searchFilter: '',
  searchBase: '',
  searchSubTree: true,
  managerDn: undefined,
  managerPassword: undefined,
}

/** Settings with Artifactory's defaults for what is left out, but shorter time to connect; unchecked. */
export function newDirectorySettings(
  fields: DirectorySettingsFields & Pick<DirectorySettings, 'key' | 'urls'>,
): DirectorySettings {
  return { ...defaults, ...fields, search: { ...searchDefaults, ...fields.search } }
}

/**
 * What is absent stays. A manager's password that is absent stays as long as it goes to the same manager and to servers
 * that have had it, protected as before: otherwise whoever may change settings could have it sent to a server of theirs, or
 * in clear text.
 */
export function changedDirectorySettings(
  current: DirectorySettings,
  fields: DirectorySettingsFields,
): DirectorySettings {
  const next = { ...current, ...fields, key: current.key, search: { ...current.search, ...fields.search } }
  const isKept =
    next.search.managerDn === current.search.managerDn &&
    goesToTheSameServers(current, next) &&
    isAsProtected(current, next)
  const managerPassword =
    fields.search?.managerPassword ?? (isKept ? current.search.managerPassword : undefined)
  return { ...next, search: { ...next.search, managerPassword } }
}

function goesToTheSameServers(current: DirectorySettings, next: DirectorySettings): boolean {
  const known = new Set(current.urls.map(authorityOf))
  return next.urls.every((url) => known.has(authorityOf(url)))
}

/** Of two urls of one server `ldap:` may be the one without TLS; other certificates may be those of somebody in between. */
function isAsProtected(current: DirectorySettings, next: DirectorySettings): boolean {
  const isPlain = ({ startTls, urls }: DirectorySettings) =>
    !startTls && urls.some((url) => !url.toLowerCase().startsWith('ldaps:'))
  if (isPlain(next)) return isPlain(current)
  return isPlain(current) || next.caCertificates === current.caCertificates
}

function authorityOf(text: string): string {
  const url = parseLdapUrl(text)
  return url === undefined ? text : `${url.host}:${url.port}`
}

export function newDirectoryGroupSettings(
  fields: Partial<DirectoryGroupSettings> & Pick<DirectoryGroupSettings, 'name'>,
): DirectoryGroupSettings {
  return {
    enabledLdap: '',
    groupBaseDn: '',
    groupNameAttribute: 'cn',
    groupMemberAttribute: 'uniqueMember',
    subTree: true,
    forceAttributeSearch: false,
    filter: '(objectClass=groupOfNames)',
    descriptionAttribute: 'description',
    strategy: 'STATIC',
    nestedDepth: 0,
    ...fields,
  }
}
