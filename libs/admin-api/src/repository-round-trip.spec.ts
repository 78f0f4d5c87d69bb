import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AdminApiApp } from './testing/admin-api-app.js'

const text = fc.string({ unit: 'grapheme', maxLength: 30 }).filter((value) => !value.includes('\0'))
const basicText = text.filter((value) => !/[:\p{Cc}]/u.test(value))
const texts = fc.uniqueArray(text, { maxLength: 4 })
const flag = fc.boolean()
const period = fc.nat(315_360_000)
const timer = fc.integer({ min: 1, max: 2_000_000 })

const common = {
  description: text,
  notes: text,
  includesPattern: text,
  excludesPattern: text,
  repoLayoutRef: text,
  projectKey: text,
  environments: texts,
  blackedOut: flag,
  xrayIndex: flag,
  priorityResolution: flag,
  archiveBrowsingEnabled: flag,
  downloadRedirect: flag,
  cdnRedirect: flag,
  propertySets: texts,
}

const local = {
  ...common,
  dockerApiVersion: fc.constantFrom('V1', 'V2'),
  maxUniqueTags: fc.nat(1_000_000),
  dockerTagRetention: fc.nat(1_000_000),
  blockPushingSchema1: flag,
}

const remote = {
  ...common,
  url: fc.webUrl({ validSchemes: ['http', 'https'] }),
  username: basicText,
  password: basicText,
  proxy: fc.constantFrom('', 'corp'),
  disableProxy: flag,
  remoteRepoLayoutRef: text,
  hardFail: flag,
  offline: flag,
  storeArtifactsLocally: flag,
  synchronizeProperties: flag,
  blockMismatchingMimeTypes: flag,
  mismatchingMimeTypesOverrideList: text,
  allowAnyHostAuth: flag,
  enableCookieManagement: flag,
  bypassHeadRequests: flag,
  clientTlsCertificate: text,
  listRemoteFolderItems: flag,
  disableUrlNormalization: flag,
  shareConfiguration: flag,
  contentSynchronisation: fc.record(
    {
      enabled: flag,
      statistics: fc.record({ enabled: flag }),
      properties: fc.record({ enabled: flag }),
      source: fc.record({ originAbsenceDetection: flag }),
    },
    { requiredKeys: [] },
  ),
  enableTokenAuthentication: flag,
  blockPushingSchema1: flag,
  externalDependenciesEnabled: flag,
  externalDependenciesPatterns: fc.uniqueArray(text, { minLength: 1, maxLength: 4 }),
  dockerProjectId: text,
  curated: flag,
  passThrough: flag,
  retrievalCachePeriodSecs: period,
  missedRetrievalCachePeriodSecs: period,
  metadataRetrievalTimeoutSecs: timer,
  assumedOfflinePeriodSecs: period,
  unusedArtifactsCleanupPeriodHours: fc.nat(87_600),
  socketTimeoutMillis: timer,
  localAddress: fc.oneof(fc.ipV4(), fc.ipV6(), fc.constant('')),
  queryParams: fc.webQueryParameters(),
}

const virtual = {
  ...common,
  // The deployment target is always among them.
  repositories: fc
    .shuffledSubarray(['member-a', 'member-b', 'member-c'])
    .map((listed) => [...new Set([...listed, 'member-b', 'member-a'])]),
  defaultDeploymentRepo: fc.constantFrom('member-a', 'member-b', ''),
  artifactoryRequestsCanRetrieveRemoteArtifacts: flag,
  resolveDockerTagsByTimestamp: flag,
}

const body = (rclass: string, fields: Record<string, fc.Arbitrary<unknown>>, required: string[] = []) =>
  fc
    .record(fields, { requiredKeys: required, noNullPrototype: true })
    .map((given): Record<string, unknown> => ({ ...given, rclass, packageType: 'docker' }))

let app: AdminApiApp
beforeAll(async () => {
  app = await AdminApiApp.start()
  await app.addProxy('corp')
  for (const key of ['member-a', 'member-b', 'member-c']) {
    await app.put(key, { rclass: 'local', packageType: 'docker' })
  }
})
afterAll(() => app.close())

describe.each([
  ['local', body('local', local), body('local', local)],
  ['remote', body('remote', remote, ['url']), body('remote', remote)],
  ['virtual', body('virtual', virtual, ['repositories']), body('virtual', virtual)],
])('a %s repository', (_kind, creation, change) => {
  it('shows what was put, then that with what was posted over it, and never a password', async () => {
    await fc.assert(
      fc.asyncProperty(creation, change, async (put, post) => {
        try {
          expect((await app.put('subject', put)).status).toBe(200)
          const { password: _put, ...shownFirst } = put
          const first = (await app.get('subject')).json as Record<string, unknown>
          expect(first).toMatchObject(shownFirst)
          expect((await app.post('subject', post)).status).toBe(200)
          const { password: _post, ...shownLast } = post
          const last = (await app.get('subject')).json as Record<string, unknown>
          expect(last).toMatchObject({ ...withoutObjects(first), ...shownLast })
          expect(last).not.toHaveProperty('password')
        } finally {
          await app.send('DELETE', '/artifactory/api/repositories/subject')
        }
      }),
      { numRuns: 60 },
    )
  })
})

/** What a partial object was filled up with may change with the object. */
function withoutObjects(fields: Record<string, unknown>): Record<string, unknown> {
  const { contentSynchronisation: _filledUp, ...others } = fields
  return others
}
