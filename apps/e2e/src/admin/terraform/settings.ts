import type { Call, Json } from '../../support/admin-client.js'
import { count, flag, nested, text } from './go-values.js'
import type { Resource, State } from './resource.js'

/*
 * The settings of jfrog/terraform-provider-artifactory 12: pkg/artifactory/resource/configuration/resource_artifactory_
 * {ldap_setting_v2,ldap_group_setting_v2,general_security}.go and security/resource_artifactory_user_lock_policy.go. LDAP
 * settings are changed by a PUT to the list, where the body says which.
 */

const directories = '/access/api/v1/ldap/settings/'
const directoryGroups = '/access/api/v1/ldap/groups/'
const lockPolicy = '/artifactory/api/security/userLockPolicy'

const directory = (changes: Json = {}) => ({
  key: 'tf-ldap',
  enabled: false,
  ldap_url: 'ldap://directory.example/dc=example,dc=org',
  user_dn_pattern: 'uid={0},ou=people',
  search: { search_sub_tree: true },
  auto_create_user: true,
  email_attribute: 'mail',
  ldap_poisoning_protection: true,
  allow_user_to_access_profile: false,
  paging_support_enabled: true,
  ...changes,
})

const directoryState = (shown: Json): State => {
  const search = nested(shown, 'search') ?? {}
  return {
    key: text(shown, 'key'),
    enabled: flag(shown, 'enabled'),
    ldap_url: text(shown, 'ldap_url'),
    user_dn_pattern: text(shown, 'user_dn_pattern'),
    auto_create_user: flag(shown, 'auto_create_user'),
    email_attribute: text(shown, 'email_attribute'),
    ldap_poisoning_protection: flag(shown, 'ldap_poisoning_protection'),
    allow_user_to_access_profile: flag(shown, 'allow_user_to_access_profile'),
    paging_support_enabled: flag(shown, 'paging_support_enabled'),
    search_filter: text(search, 'search_filter'),
    search_base: text(search, 'search_base'),
    search_sub_tree: flag(search, 'search_sub_tree'),
    manager_dn: text(search, 'manager_dn'),
  }
}

const bySearch = directory({
  user_dn_pattern: '',
  allow_user_to_access_profile: true,
  search: {
    search_filter: '(uid={0})',
    search_base: 'ou=people',
    search_sub_tree: true,
    manager_dn: 'cn=reader,dc=example,dc=org',
    manager_password: 'Lighthouse 3 keys',
  },
})

const directoryGroup = (changes: Json = {}) => ({
  name: 'tf-ldap-groups',
  enabled_ldap: 'tf-group-ldap',
  group_base_dn: 'ou=groups',
  group_name_attribute: 'cn',
  group_member_attribute: 'uniqueMember',
  sub_tree: true,
  force_attribute_search: false,
  filter: '(objectClass=groupOfUniqueNames)',
  description_attribute: 'description',
  strategy: 'STATIC',
  ...changes,
})

const directoryGroupState = (shown: Json): State =>
  Object.fromEntries(
    Object.entries(directoryGroup()).map(([field, value]) => [
      field,
      typeof value === 'boolean' ? flag(shown, field) : text(shown, field),
    ]),
  )

const policyCall = (enabled: boolean, loginAttempts: number): Call => ({
  method: 'PUT',
  path: lockPolicy,
  body: { enabled, loginAttempts },
  done: [200],
})

/** Go's YAML of one setting, under the media type that it is sent with. */
const anonymousCall = (enabled: boolean): Call => ({
  method: 'PATCH',
  path: '/artifactory/api/system/configuration',
  body: `security:\n    anonAccessEnabled: ${enabled}\n`,
  type: 'application/yaml',
  done: [200],
})

export const settings: readonly Resource[] = [
  {
    name: 'artifactory_ldap_setting_v2',
    steps: [
      {
        calls: [{ method: 'POST', path: directories, body: directory(), done: [201] }],
        planned: directoryState(directory()),
      },
      {
        calls: [{ method: 'PUT', path: directories, body: bySearch, done: [200] }],
        planned: directoryState(bySearch),
      },
    ],
    read: `${directories}tf-ldap`,
    state: directoryState,
    destroy: { method: 'DELETE', path: `${directories}tf-ldap`, done: [204, 404] },
    gone: [400, 404],
  },
  {
    name: 'artifactory_ldap_group_setting_v2',
    given: [{ method: 'POST', path: directories, body: directory({ key: 'tf-group-ldap' }), done: [201] }],
    steps: [
      {
        calls: [{ method: 'POST', path: directoryGroups, body: directoryGroup(), done: [201] }],
        planned: directoryGroupState(directoryGroup()),
      },
      {
        calls: [
          {
            method: 'PUT',
            path: directoryGroups,
            body: directoryGroup({ strategy: 'DYNAMIC', sub_tree: false, group_base_dn: '' }),
            done: [200],
          },
        ],
        planned: directoryGroupState(
          directoryGroup({ strategy: 'DYNAMIC', sub_tree: false, group_base_dn: '' }),
        ),
      },
    ],
    read: `${directoryGroups}tf-ldap-groups`,
    state: directoryGroupState,
    destroy: { method: 'DELETE', path: `${directoryGroups}tf-ldap-groups`, done: [204, 404] },
    gone: [400, 404],
    after: [{ method: 'DELETE', path: `${directories}tf-group-ldap`, done: [204] }],
  },
  {
    name: 'artifactory_user_lock_policy',
    steps: [
      { calls: [policyCall(true, 10)], planned: { enabled: true, login_attempts: 10 } },
      { calls: [policyCall(false, 4)], planned: { enabled: false, login_attempts: 4 } },
    ],
    read: lockPolicy,
    state: (shown) => ({ enabled: flag(shown, 'enabled'), login_attempts: count(shown, 'loginAttempts') }),
    // There is always a policy: destroyed is one that locks nobody.
    destroy: policyCall(false, 0),
    gone: [],
    after: [policyCall(false, 5)],
  },
  {
    name: 'artifactory_general_security',
    steps: [true, false, true].map((enabled) => ({
      calls: [anonymousCall(enabled)],
      planned: { enable_anonymous_access: enabled },
    })),
    read: '/artifactory/api/securityconfig',
    state: (shown) => ({ enable_anonymous_access: flag(shown, 'anonAccessEnabled') }),
    destroy: anonymousCall(false),
    gone: [],
  },
]
