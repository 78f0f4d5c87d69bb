import type { Call, Json } from '../../support/admin-client.js'
import { nested, set, setsByName, text } from './go-values.js'
import { group, user, withoutGroup, withoutUser } from './principals.js'
import type { Resource, State } from './resource.js'

/*
 * The permission targets of jfrog/terraform-provider-artifactory 12: pkg/artifactory/resource/security/
 * resource_artifactory_permission_target.go. It takes nothing but 200 for done, whether they are new or not.
 */

const targets = '/artifactory/api/v2/security/permissions'

const sectionState = (shown: Json | undefined) =>
  shown && {
    includes_pattern: set(shown, 'include-patterns'),
    excludes_pattern: set(shown, 'exclude-patterns'),
    repositories: set(shown, 'repositories'),
    users: setsByName(nested(shown, 'actions') ?? {}, 'users'),
    groups: setsByName(nested(shown, 'actions') ?? {}, 'groups'),
  }

const targetState = (shown: Json): State => ({
  name: text(shown, 'name'),
  repo: sectionState(nested(shown, 'repo')),
  build: sectionState(nested(shown, 'build')),
  release_bundle: sectionState(nested(shown, 'releaseBundle')),
})

const targetCall = (sections: Json): Call => ({
  method: 'PUT',
  path: `${targets}/tf-target`,
  body: { name: 'tf-target', ...sections },
  done: [200],
})

export const permissionTargets: readonly Resource[] = [
  {
    name: 'artifactory_permission_target',
    given: [user('tf-anna'), group('tf-chosen')],
    steps: [
      {
        calls: [
          targetCall({
            repo: {
              'include-patterns': ['**'],
              repositories: ['docker-local'],
              actions: { users: { 'tf-anna': ['read', 'write'] } },
            },
          }),
        ],
        planned: {
          name: 'tf-target',
          repo: {
            includes_pattern: ['**'],
            excludes_pattern: [],
            repositories: ['docker-local'],
            users: { 'tf-anna': ['read', 'write'] },
            groups: {},
          },
          build: undefined,
          release_bundle: undefined,
        },
      },
      {
        calls: [
          targetCall({
            repo: {
              'include-patterns': ['team/**', 'base/**'],
              'exclude-patterns': ['**/dev-*'],
              repositories: ['ANY LOCAL', 'docker-hub'],
              actions: {
                users: { anonymous: ['read'] },
                groups: {
                  'tf-chosen': [
                    'read',
                    'annotate',
                    'write',
                    'delete',
                    'manage',
                    'managedXrayMeta',
                    'distribute',
                  ],
                },
              },
            },
            build: {
              'include-patterns': ['**'],
              repositories: ['artifactory-build-info'],
              actions: { users: { 'tf-anna': ['read', 'managedXrayMeta'] } },
            },
            releaseBundle: {
              'include-patterns': ['**'],
              repositories: ['release-bundles'],
              actions: { groups: { 'tf-chosen': ['read', 'distribute'] } },
            },
          }),
        ],
        planned: {
          name: 'tf-target',
          repo: {
            includes_pattern: ['base/**', 'team/**'],
            excludes_pattern: ['**/dev-*'],
            repositories: ['ANY LOCAL', 'docker-hub'],
            users: { anonymous: ['read'] },
            groups: {
              'tf-chosen': ['annotate', 'delete', 'distribute', 'manage', 'managedXrayMeta', 'read', 'write'],
            },
          },
          build: {
            includes_pattern: ['**'],
            excludes_pattern: [],
            repositories: ['artifactory-build-info'],
            users: { 'tf-anna': ['managedXrayMeta', 'read'] },
            groups: {},
          },
          release_bundle: {
            includes_pattern: ['**'],
            excludes_pattern: [],
            repositories: ['release-bundles'],
            users: {},
            groups: { 'tf-chosen': ['distribute', 'read'] },
          },
        },
      },
    ],
    read: `${targets}/tf-target`,
    state: targetState,
    destroy: { method: 'DELETE', path: `${targets}/tf-target`, done: [200, 404] },
    gone: [404],
    after: [withoutUser('tf-anna'), withoutGroup('tf-chosen')],
  },
]
