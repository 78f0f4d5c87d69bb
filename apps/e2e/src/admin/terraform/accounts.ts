import type { Call, Json } from '../../support/admin-client.js'
import { flag, setOrNull, text } from './go-values.js'
import { group, user, withoutGroup, withoutUser } from './principals.js'
import type { Resource, State } from './resource.js'

/*
 * The accounts of jfrog/terraform-provider-artifactory 12: pkg/artifactory/resource/user/user_fw.go and
 * pkg/artifactory/resource/security/resource_artifactory_group.go. From the version of the contract on
 * that is shown here, users go through the Access service; before it, through `/api/security/users`.
 */

const usersV1 = '/artifactory/api/security/users'
const usersV2 = '/access/api/v2/users'
const groupsV1 = '/artifactory/api/security/groups'

const anyOf2xx = [200, 201, 204] as const
const deleted = [200, 204, 404] as const

const account = (name: string) => ({
  username: name,
  email: `${name}@example.org`,
  password: 'aB3defgh_jkl',
  admin: false,
  profile_updatable: true,
  disable_ui_access: true,
  internal_password_disabled: null,
})

const accountState = (shown: Json): State => ({
  name: text(shown, 'username'),
  email: text(shown, 'email'),
  admin: flag(shown, 'admin'),
  profile_updatable: flag(shown, 'profile_updatable'),
  disable_ui_access: flag(shown, 'disable_ui_access'),
  internal_password_disabled: flag(shown, 'internal_password_disabled'),
  groups: setOrNull(shown, 'groups'),
})

const plannedAccount = (name: string, changes: State = {}): State => ({
  name,
  email: `${name}@example.org`,
  admin: false,
  profile_updatable: true,
  disable_ui_access: true,
  internal_password_disabled: false,
  groups: null,
  ...changes,
})

/** It makes the groups those of the configuration: what new users join is taken away again. */
const inGroups = (name: string, add: readonly string[], remove: readonly string[]): Call => ({
  method: 'PATCH',
  path: `${usersV2}/${name}/groups`,
  body: { add, remove },
  done: anyOf2xx,
})

const accountOf = (type: string, name: string): Resource => ({
  name: type,
  given: [
    {
      method: 'PUT',
      path: `${groupsV1}/tf-joined`,
      body: { name: 'tf-joined', autoJoin: true },
      done: [201],
    },
    group('tf-chosen'),
  ],
  steps: [
    {
      calls: [
        { method: 'POST', path: usersV2, body: account(name), done: [200, 201] },
        inGroups(name, [], ['tf-joined']),
      ],
      planned: plannedAccount(name),
    },
    {
      calls: [
        {
          method: 'PATCH',
          path: `${usersV2}/${name}`,
          body: {
            ...account(name),
            email: 'other@example.org',
            admin: true,
            profile_updatable: false,
            disable_ui_access: false,
            groups: ['tf-chosen'],
          },
          done: [200],
        },
      ],
      planned: plannedAccount(name, {
        email: 'other@example.org',
        admin: true,
        profile_updatable: false,
        disable_ui_access: false,
        groups: ['tf-chosen'],
      }),
    },
    {
      calls: [
        {
          method: 'PATCH',
          path: `${usersV2}/${name}`,
          body: { ...account(name), password: undefined, internal_password_disabled: true },
          done: [200],
        },
        inGroups(name, [], ['tf-chosen']),
      ],
      planned: plannedAccount(name, { internal_password_disabled: true }),
    },
  ],
  read: `${usersV2}/${name}`,
  state: accountState,
  destroy: { method: 'DELETE', path: `${usersV2}/${name}`, done: deleted },
  gone: [404],
  after: [withoutGroup('tf-joined'), withoutGroup('tf-chosen')],
})

const accountV1 = (name: string) => ({
  name,
  email: `${name}@example.org`,
  password: 'aB3defgh_jkl',
  admin: false,
  profileUpdatable: true,
  disableUIAccess: true,
  internalPasswordDisabled: false,
})

const accountV1State = (shown: Json): State => ({
  name: text(shown, 'name'),
  email: text(shown, 'email'),
  admin: flag(shown, 'admin'),
  profile_updatable: flag(shown, 'profileUpdatable'),
  disable_ui_access: flag(shown, 'disableUIAccess'),
  internal_password_disabled: flag(shown, 'internalPasswordDisabled'),
  groups: setOrNull(shown, 'groups'),
})

const groupState = (shown: Json): State => ({
  name: text(shown, 'name'),
  description: text(shown, 'description'),
  external_id: text(shown, 'externalId'),
  auto_join: flag(shown, 'autoJoin'),
  admin_privileges: flag(shown, 'adminPrivileges'),
  realm: text(shown, 'realm'),
  realm_attributes: text(shown, 'realmAttributes'),
  users_names: setOrNull(shown, 'userNames'),
  watch_manager: flag(shown, 'watchManager'),
  policy_manager: flag(shown, 'policyManager'),
  reports_manager: flag(shown, 'reportsManager'),
})

const plannedGroup = (changes: State = {}): State => ({
  name: 'tf-group',
  description: '',
  external_id: '',
  auto_join: false,
  admin_privileges: false,
  realm: 'internal',
  realm_attributes: '',
  users_names: null,
  watch_manager: false,
  policy_manager: false,
  reports_manager: false,
  ...changes,
})

const groupBody = (changes: Json = {}) => ({
  name: 'tf-group',
  autoJoin: false,
  adminPrivileges: false,
  realm: 'internal',
  userNames: null,
  watchManager: false,
  policyManager: false,
  reportsManager: false,
  ...changes,
})

const groupCall = (method: 'PUT' | 'POST', changes: Json = {}): Call => ({
  method,
  path: `${groupsV1}/tf-group`,
  body: groupBody(changes),
  done: [method === 'PUT' ? 201 : 200],
})

export const accounts: readonly Resource[] = [
  accountOf('artifactory_user', 'tf-user'),
  accountOf('artifactory_managed_user', 'tf-managed'),
  accountOf('artifactory_unmanaged_user', 'tf-unmanaged'),
  {
    name: 'artifactory_user of a server before 7.84.3',
    given: [group('tf-chosen')],
    steps: [
      {
        calls: [
          {
            method: 'PUT',
            path: `${usersV1}/tf-user-v1`,
            body: { ...accountV1('tf-user-v1'), groups: ['tf-chosen'] },
            done: [201],
          },
        ],
        planned: plannedAccount('tf-user-v1', { groups: ['tf-chosen'] }),
      },
      {
        calls: [
          {
            method: 'POST',
            path: `${usersV1}/tf-user-v1`,
            body: { ...accountV1('tf-user-v1'), password: undefined, disableUIAccess: false, groups: [] },
            done: [200],
          },
        ],
        planned: plannedAccount('tf-user-v1', { disable_ui_access: false }),
      },
    ],
    read: `${usersV1}/tf-user-v1`,
    state: accountV1State,
    destroy: { method: 'DELETE', path: `${usersV1}/tf-user-v1`, done: [200, 404] },
    gone: [404],
    after: [withoutGroup('tf-chosen')],
  },
  {
    name: 'artifactory_group',
    given: [user('tf-anna'), user('tf-ben')],
    steps: [
      { calls: [groupCall('PUT')], planned: plannedGroup() },
      {
        calls: [groupCall('PUT', { description: 'of the team', userNames: ['tf-anna', 'tf-ben'] })],
        planned: plannedGroup({ description: 'of the team', users_names: ['tf-anna', 'tf-ben'] }),
      },
      // PUT takes out who is not named, ...
      {
        calls: [
          groupCall('PUT', {
            description: 'of the team',
            externalId: 'cn=team,dc=example,dc=org',
            realmAttributes: 'ldap',
            adminPrivileges: true,
            userNames: ['tf-ben'],
          }),
        ],
        planned: plannedGroup({
          description: 'of the team',
          external_id: 'cn=team,dc=example,dc=org',
          realm_attributes: 'ldap',
          admin_privileges: true,
          users_names: ['tf-ben'],
        }),
      },
      // ... and POST nobody: it is sent while members are not Terraform's to manage.
      {
        calls: [
          groupCall('POST', {
            description: 'of all',
            externalId: 'cn=team,dc=example,dc=org',
            realmAttributes: 'ldap',
            userNames: [],
          }),
        ],
        planned: plannedGroup({
          description: 'of all',
          external_id: 'cn=team,dc=example,dc=org',
          realm_attributes: 'ldap',
          users_names: ['tf-ben'],
        }),
      },
    ],
    read: `${groupsV1}/tf-group?includeUsers=true`,
    state: groupState,
    destroy: { method: 'DELETE', path: `${groupsV1}/tf-group`, done: [200, 404] },
    gone: [404],
    after: [withoutUser('tf-anna'), withoutUser('tf-ben')],
  },
]
