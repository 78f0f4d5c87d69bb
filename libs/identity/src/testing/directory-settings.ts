import {
  type DirectorySettingsFields,
  newDirectoryGroupSettings,
  newDirectorySettings,
} from '../directories/default-directory-settings.js'
import type { DirectoryGroupSettings, DirectorySettings } from '../directories/directory-settings.js'
import { managerDn, managerPassword } from './slapd-seed.js'

/** Settings for the company in the test directory. */
export function companyDirectory(
  urls: readonly string[],
  { search, ...fields }: DirectorySettingsFields = {},
): DirectorySettings {
  return newDirectorySettings({
    key: 'corp',
    connectTimeoutMilliseconds: 1000,
    readTimeoutMilliseconds: 1000,
    ...fields,
    urls,
    search: { searchFilter: '(uid={0})', searchBase: 'ou=people', managerDn, managerPassword, ...search },
  })
}

export function companyGroups(fields: Partial<DirectoryGroupSettings> = {}): DirectoryGroupSettings {
  return newDirectoryGroupSettings({
    name: 'corp-groups',
    enabledLdap: 'corp',
    groupBaseDn: 'ou=groups',
    groupMemberAttribute: 'member',
    ...fields,
  })
}
