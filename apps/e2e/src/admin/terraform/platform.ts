import type { Call, Json } from '../../support/admin-client.js'
import { flag, nested, setOrNull, setsByName, text, textOrNull } from './go-values.js'
import type { Resource, State } from './resource.js'
import { group, user, withoutGroup, withoutUser } from './principals.js'

/* The resources of jfrog/terraform-provider-platform 2: pkg/platform/resource_{group,permission}.go. */

const groups = '/access/api/v2/groups'
const permissions = '/access/api/v2/permissions'

const groupState = (shown: Json): State => ({
  name: text(shown, 'name'),
  description: textOrNull(shown, 'description'),
  external_id: textOrNull(shown, 'external_id'),
  auto_join: flag(shown, 'auto_join'),
  admin_privileges: flag(shown, 'admin_privileges'),
  members: setOrNull(shown, 'members'),
  realm: textOrNull(shown, 'realm'),
  realm_attributes: textOrNull(shown, 'realm_attributes'),
})

/** Attributes that the configuration doesn't have are null, and not sent. */
const plannedGroup = (changes: State = {}): State => ({
  name: 'tf-platform-group',
  description: null,
  external_id: null,
  auto_join: false,
  admin_privileges: false,
  members: null,
  realm: 'internal',
  realm_attributes: null,
  ...changes,
})

const resourceState = (shown: Json | undefined) => {
  if (shown === undefined) return null
  const actions = nested(shown, 'actions')
  const filters = nested(shown, 'targets') ?? {}
  return {
    users: actions === undefined ? null : setsByName(actions, 'users'),
    groups: actions === undefined ? null : setsByName(actions, 'groups'),
    targets: Object.fromEntries(
      Object.keys(filters).map((key) => {
        const filter = nested(filters, key) ?? {}
        return [
          key,
          {
            include_patterns: setOrNull(filter, 'include_patterns'),
            exclude_patterns: setOrNull(filter, 'exclude_patterns'),
          },
        ]
      }),
    ),
  }
}

const resourceTypes = ['artifact', 'build', 'release_bundle', 'destination', 'pipeline_source'] as const

const permissionState = (shown: Json): State => ({
  name: text(shown, 'name'),
  ...Object.fromEntries(
    resourceTypes.map((type) => [type, resourceState(nested(nested(shown, 'resources') ?? {}, type))]),
  ),
})

const everything = { include_patterns: ['**'], exclude_patterns: null }

const section = (type: string, body: Json): Call => ({
  method: 'PUT',
  path: `${permissions}/tf-permission/${type}`,
  body,
  done: [200, 201],
})

const artifact = {
  users: { 'tf-anna': ['MANAGE', 'READ', 'SCAN'] },
  groups: { 'tf-chosen': ['ANNOTATE', 'DELETE', 'EXECUTE', 'READ', 'WRITE'] },
  targets: { 'docker-local': everything, 'ANY REMOTE': everything },
}

const nothingPlanned = { build: null, release_bundle: null, destination: null, pipeline_source: null }

export const platform: readonly Resource[] = [
  {
    name: 'platform_group',
    given: [user('tf-anna'), user('tf-ben')],
    steps: [
      {
        calls: [
          {
            method: 'POST',
            path: groups,
            body: { name: 'tf-platform-group', auto_join: false, admin_privileges: false },
            done: [201],
          },
        ],
        planned: plannedGroup(),
      },
      {
        calls: [
          {
            method: 'PATCH',
            path: `${groups}/tf-platform-group`,
            body: {
              name: 'tf-platform-group',
              description: 'of the platform',
              external_id: 'cn=platform',
              auto_join: true,
              admin_privileges: false,
              members: ['tf-anna', 'tf-ben'],
            },
            done: [200],
          },
          // Sent as well, though the members are there by then.
          {
            method: 'PATCH',
            path: `${groups}/tf-platform-group/members`,
            body: { add: ['tf-anna', 'tf-ben'], remove: [] },
            done: [200],
          },
        ],
        planned: plannedGroup({
          description: 'of the platform',
          external_id: 'cn=platform',
          auto_join: true,
          members: ['tf-anna', 'tf-ben'],
        }),
      },
      {
        calls: [
          {
            method: 'PATCH',
            path: `${groups}/tf-platform-group/members`,
            body: { add: null, remove: ['tf-anna'] },
            done: [200],
          },
        ],
        planned: plannedGroup({
          description: 'of the platform',
          external_id: 'cn=platform',
          auto_join: true,
          members: ['tf-ben'],
        }),
      },
    ],
    read: `${groups}/tf-platform-group`,
    state: groupState,
    destroy: { method: 'DELETE', path: `${groups}/tf-platform-group`, done: [204, 404] },
    gone: [404],
    after: [withoutUser('tf-anna'), withoutUser('tf-ben')],
  },
  {
    name: 'platform_permission',
    given: [user('tf-anna'), group('tf-chosen')],
    steps: [
      {
        calls: [
          { method: 'GET', path: permissions, done: [200] },
          {
            method: 'POST',
            path: permissions,
            body: {
              name: 'tf-permission',
              resources: {
                artifact: {
                  actions: { users: artifact.users, groups: artifact.groups },
                  targets: artifact.targets,
                },
              },
            },
            done: [200, 201],
          },
        ],
        planned: { name: 'tf-permission', artifact, ...nothingPlanned },
      },
      {
        calls: [
          section('artifact', {
            actions: { users: { 'tf-anna': ['READ'] } },
            targets: { 'docker-local': { include_patterns: ['a/**'], exclude_patterns: ['**/x'] } },
          }),
          section('build', {
            actions: { groups: { 'tf-chosen': ['READ', 'SCAN'] } },
            targets: { 'artifactory-build-info': everything },
          }),
          section('destination', {
            actions: { users: { 'tf-anna': ['EXECUTE'] } },
            targets: { '*': everything },
          }),
        ],
        planned: {
          name: 'tf-permission',
          artifact: {
            users: { 'tf-anna': ['READ'] },
            groups: {},
            targets: { 'docker-local': { include_patterns: ['a/**'], exclude_patterns: ['**/x'] } },
          },
          ...nothingPlanned,
          build: {
            users: {},
            groups: { 'tf-chosen': ['READ', 'SCAN'] },
            targets: { 'artifactory-build-info': everything },
          },
          destination: { users: { 'tf-anna': ['EXECUTE'] }, groups: {}, targets: { '*': everything } },
        },
      },
      {
        calls: [{ method: 'DELETE', path: `${permissions}/tf-permission/destination`, done: [200, 204] }],
        planned: {
          name: 'tf-permission',
          artifact: {
            users: { 'tf-anna': ['READ'] },
            groups: {},
            targets: { 'docker-local': { include_patterns: ['a/**'], exclude_patterns: ['**/x'] } },
          },
          ...nothingPlanned,
          build: {
            users: {},
            groups: { 'tf-chosen': ['READ', 'SCAN'] },
            targets: { 'artifactory-build-info': everything },
          },
        },
      },
    ],
    read: `${permissions}/tf-permission`,
    state: permissionState,
    destroy: { method: 'DELETE', path: `${permissions}/tf-permission`, done: [204, 404] },
    gone: [404],
    after: [withoutUser('tf-anna'), withoutGroup('tf-chosen')],
  },
]
