import type { Json } from '../../support/admin-client.js'
import { count, flag, list, nested, setOrNull, text, textOrNull } from './go-values.js'
import type { Resource, State, Step } from './resource.js'

/*
 * The repositories of jfrog/terraform-provider-artifactory 12, with the defaults of its schemas: pkg/artifactory/resource/
 * repository/repository.go, local/local.go, local/resource_artifactory_local_docker_v2_repository.go, remote/remote.go,
 * remote/resource_artifactory_remote_docker_repository.go, virtual/virtual.go. It deletes with nothing but 200.
 */

const api = '/artifactory/api/repositories'

const base = (key: string, rclass: string) => ({
  key,
  projectKey: '',
  rclass,
  packageType: 'docker',
  description: '',
  notes: '',
  includesPattern: '**/*',
  excludesPattern: '',
  repoLayoutRef: 'simple-default',
})

const local = (key: string, rclass = 'local') => ({
  ...base(key, rclass),
  blackedOut: false,
  xrayIndex: false,
  archiveBrowsingEnabled: false,
  downloadRedirect: false,
  priorityResolution: false,
  cdnRedirect: false,
})

const dockerLocal = (key: string) => ({
  ...local(key),
  maxUniqueTags: 0,
  dockerApiVersion: 'V2',
  dockerTagRetention: 1,
  blockPushingSchema1: false,
})

const dockerLocalOf9 = (key: string) => ({ ...dockerLocal(key), environments: null, terraformType: '' })

const dockerRemote = (key: string) => ({
  ...local(key, 'remote'),
  url: 'https://registry-1.docker.io/',
  username: '',
  proxy: '',
  disableProxy: false,
  remoteRepoLayoutRef: '',
  hardFail: false,
  offline: false,
  storeArtifactsLocally: true,
  socketTimeoutMillis: 15_000,
  localAddress: '',
  retrievalCachePeriodSecs: 7200,
  missedRetrievalCachePeriodSecs: 1800,
  metadataRetrievalTimeoutSecs: 60,
  unusedArtifactsCleanupPeriodHours: 0,
  assumedOfflinePeriodSecs: 300,
  shareConfiguration: false,
  synchronizeProperties: false,
  blockMismatchingMimeTypes: true,
  allowAnyHostAuth: false,
  enableCookieManagement: false,
  bypassHeadRequests: false,
  mismatchingMimeTypesOverrideList: '',
  listRemoteFolderItems: false,
  disableUrlNormalization: false,
  curated: false,
  passThrough: false,
  externalDependenciesEnabled: false,
  enableTokenAuthentication: false,
  blockPushingSchema1: false,
  dockerProjectId: '',
})

const dockerVirtual = (key: string, repositories: readonly string[]) => ({
  ...base(key, 'virtual'),
  repositories,
  artifactoryRequestsCanRetrieveRemoteArtifacts: false,
  resolveDockerTagsByTimestamp: false,
})

const baseState = (shown: Json): State => ({
  ...Object.fromEntries(
    ['key', 'projectKey', 'description', 'notes', 'includesPattern', 'excludesPattern', 'repoLayoutRef'].map(
      (field) => [field, text(shown, field)],
    ),
  ),
  environments: setOrNull(shown, 'environments'),
})

const flags = (shown: Json, fields: readonly string[]): State =>
  Object.fromEntries(fields.map((field) => [field, flag(shown, field)]))

const localFlags = [
  'blackedOut',
  'xrayIndex',
  'archiveBrowsingEnabled',
  'downloadRedirect',
  'priorityResolution',
  'cdnRedirect',
]

const localState = (shown: Json): State => ({
  ...baseState(shown),
  ...flags(shown, localFlags),
  propertySets: setOrNull(shown, 'propertySets'),
})

const dockerLocalState = (shown: Json): State => ({
  ...localState(shown),
  maxUniqueTags: count(shown, 'maxUniqueTags'),
  dockerTagRetention: count(shown, 'dockerTagRetention'),
  blockPushingSchema1: flag(shown, 'blockPushingSchema1'),
  dockerApiVersion: text(shown, 'dockerApiVersion'),
})

const remoteFlags = [
  'disableProxy',
  'hardFail',
  'offline',
  'storeArtifactsLocally',
  'shareConfiguration',
  'synchronizeProperties',
  'blockMismatchingMimeTypes',
  'allowAnyHostAuth',
  'enableCookieManagement',
  'bypassHeadRequests',
  'listRemoteFolderItems',
  'disableUrlNormalization',
  'curated',
  'passThrough',
  'externalDependenciesEnabled',
  'enableTokenAuthentication',
  'blockPushingSchema1',
]

const remoteTexts = [
  'url',
  'username',
  'proxy',
  'remoteRepoLayoutRef',
  'localAddress',
  'queryParams',
  'mismatchingMimeTypesOverrideList',
  'dockerProjectId',
]

const remoteCounts = [
  'socketTimeoutMillis',
  'retrievalCachePeriodSecs',
  'missedRetrievalCachePeriodSecs',
  'metadataRetrievalTimeoutSecs',
  'unusedArtifactsCleanupPeriodHours',
  'assumedOfflinePeriodSecs',
]

const dockerRemoteState = (shown: Json): State => ({
  ...localState(shown),
  ...flags(shown, remoteFlags),
  ...Object.fromEntries(remoteTexts.map((field) => [field, text(shown, field)])),
  ...Object.fromEntries(remoteCounts.map((field) => [field, count(shown, field)])),
  clientTlsCertificate: textOrNull(shown, 'clientTlsCertificate'),
  contentSynchronisation: contentSynchronisation(nested(shown, 'contentSynchronisation')),
  // Read only while they count.
  externalDependenciesPatterns:
    flag(shown, 'externalDependenciesEnabled') === true ? list(shown, 'externalDependenciesPatterns') : null,
})

/** Kept only when it is on. */
function contentSynchronisation(shown: Json | undefined): unknown {
  if (shown === undefined || flag(shown, 'enabled') !== true) return null
  return {
    enabled: true,
    statistics: { enabled: flag(nested(shown, 'statistics') ?? {}, 'enabled') },
    properties: { enabled: flag(nested(shown, 'properties') ?? {}, 'enabled') },
    source: { originAbsenceDetection: flag(nested(shown, 'source') ?? {}, 'originAbsenceDetection') },
  }
}

const dockerVirtualState = (shown: Json): State => ({
  ...baseState(shown),
  repositories: list(shown, 'repositories'),
  defaultDeploymentRepo: text(shown, 'defaultDeploymentRepo'),
  ...flags(shown, ['artifactoryRequestsCanRetrieveRemoteArtifacts', 'resolveDockerTagsByTimestamp']),
})

const put = (body: { readonly key: string }) =>
  ({ method: 'PUT', path: `${api}/${body.key}`, body, done: [200] }) as const
const post = (body: { readonly key: string }) =>
  ({ method: 'POST', path: `${api}/${body.key}`, body, done: [200] }) as const
const remove = (key: string) => ({ method: 'DELETE', path: `${api}/${key}`, done: [200] }) as const

interface Change {
  /** What the provider sends otherwise than before. */
  readonly sent: Json
  /** The attributes by which the configuration then differs, where they are not what was sent. */
  readonly planned?: Json
}

function resource(
  name: string,
  first: { readonly key: string },
  state: (shown: Json) => State,
  changes: readonly Change[],
): Resource {
  const steps: Step[] = [{ calls: [put(first)], planned: state({ ...first }) }]
  let body: { readonly key: string } = first
  for (const { sent, planned } of changes) {
    body = { ...body, ...sent }
    steps.push({ calls: [post(body)], planned: { ...state({ ...body }), ...planned } })
  }
  return {
    name,
    steps,
    read: `${api}/${first.key}`,
    state,
    destroy: remove(first.key),
    gone: [400, 404],
  }
}

export const repositories: readonly Resource[] = [
  resource('artifactory_local_docker_v2_repository', dockerLocal('tf-local'), dockerLocalState, [
    {
      sent: {
        description: 'of the team',
        notes: 'two\nlines',
        includesPattern: 'team/**,base/**',
        excludesPattern: '**/dev-*',
        blackedOut: true,
        xrayIndex: true,
        archiveBrowsingEnabled: true,
        downloadRedirect: true,
        priorityResolution: true,
        cdnRedirect: true,
        propertySets: ['artifactory'],
        environments: ['DEV'],
        maxUniqueTags: 5,
        dockerTagRetention: 3,
        blockPushingSchema1: true,
      },
    },
  ]),
  // As the provider's older SDK writes an absent list, and its field for something else.
  resource(
    'artifactory_local_docker_v2_repository of provider 9',
    dockerLocalOf9('tf-local-9'),
    dockerLocalState,
    [{ sent: { environments: [], description: 'anew' } }],
  ),
  resource('artifactory_remote_docker_repository', dockerRemote('tf-remote'), dockerRemoteState, [
    {
      sent: {
        url: 'https://registry.example/v2',
        username: 'robot',
        password: 'Mirror 11 key',
        hardFail: true,
        offline: true,
        queryParams: 'mirror=1',
        socketTimeoutMillis: 20_000,
        retrievalCachePeriodSecs: 0,
        missedRetrievalCachePeriodSecs: 0,
        metadataRetrievalTimeoutSecs: 30,
        assumedOfflinePeriodSecs: 0,
        blockMismatchingMimeTypes: false,
        mismatchingMimeTypesOverrideList: 'text/html',
        allowAnyHostAuth: true,
        bypassHeadRequests: true,
        externalDependenciesEnabled: true,
        externalDependenciesPatterns: ['**/layers/**'],
        contentSynchronisation: {
          enabled: true,
          statistics: { enabled: true },
          properties: { enabled: false },
          source: { originAbsenceDetection: true },
        },
      },
    },
    // An empty password is left out of what is sent.
    { sent: { password: undefined, description: 'at the end', offline: false } },
  ]),
  {
    ...resource(
      'artifactory_virtual_docker_repository',
      dockerVirtual('tf-virtual', ['tf-member-b', 'tf-member-a']),
      dockerVirtualState,
      [
        {
          sent: {
            repositories: ['tf-member-a', 'tf-member-b'],
            defaultDeploymentRepo: 'tf-member-a',
            resolveDockerTagsByTimestamp: true,
            artifactoryRequestsCanRetrieveRemoteArtifacts: true,
          },
        },
        // How it unsets the field: the API keeps what is absent.
        {
          sent: { defaultDeploymentRepo: 'non-existant-value-5577006791947779410' },
          planned: { defaultDeploymentRepo: '' },
        },
      ],
    ),
    given: [put(dockerLocal('tf-member-a')), put(dockerRemote('tf-member-b'))],
    after: [remove('tf-member-a'), remove('tf-member-b')],
  },
]
