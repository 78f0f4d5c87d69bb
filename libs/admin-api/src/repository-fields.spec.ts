import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AdminApiApp, errorsOf } from './testing/admin-api-app.js'

/**
 * The tables of docker repositories in the reference, field by field: each has the value that the Terraform provider
 * (jfrog/terraform-provider-artifactory v12) sends where nobody says anything, others that are legal, and impossible ones.
 */
interface Field {
  readonly sent: unknown
  readonly others: readonly unknown[]
  readonly impossible: readonly unknown[]
  readonly allowed: string
}

type Fields = Readonly<Record<string, Field>>

const flag = (sent: boolean): Field => ({
  sent,
  others: [!sent],
  impossible: ['yes', 'true', 1, {}],
  allowed: 'expected true or false',
})
const text = (sent = '', ...others: readonly string[]): Field => ({
  sent,
  others: [...others, 'Café — 日本'],
  impossible: [7, true, ['x'], { x: 1 }, 'x'.repeat(10_001)],
  allowed: 'expected text of at most 10000 characters',
})
const list = (...others: readonly (readonly string[])[]): Field => ({
  sent: [],
  others,
  impossible: ['DEV', [1], {}, ['a', 'a']],
  allowed: 'expected a list of at most 1000 different texts',
})
const count = (sent: number, minimum: number, maximum: number): Field => ({
  sent,
  others: [minimum, sent + 1, maximum],
  impossible: [minimum - 1, maximum + 1, 1.5, String(sent), true],
  allowed: `expected a whole number from ${minimum} to ${maximum}`,
})

const tenYears = 315_360_000

const base: Fields = {
  description: text(),
  notes: text(),
  includesPattern: text('**/*', 'library/**,team/**', ''),
  excludesPattern: text('', '**/*-SNAPSHOT/**'),
  repoLayoutRef: text('simple-default', 'maven-2-default'),
  projectKey: text('', 'corp'),
  environments: list(['DEV'], ['PROD', 'DEV']),
  blackedOut: flag(false),
  xrayIndex: flag(false),
  priorityResolution: flag(false),
  archiveBrowsingEnabled: flag(false),
  downloadRedirect: flag(false),
  cdnRedirect: flag(false),
  propertySets: list(['artifactory'], ['b', 'a']),
}

const local: Fields = {
  ...base,
  dockerApiVersion: {
    sent: 'V2',
    others: ['V1'],
    impossible: ['V3', 'v2', 2],
    allowed: 'expected "V1", "V2"',
  },
  maxUniqueTags: count(0, 0, 1_000_000),
  dockerTagRetention: count(1, 0, 1_000_000),
  blockPushingSchema1: flag(true),
}

const remote: Fields = {
  ...base,
  url: {
    sent: 'https://registry-1.docker.io/',
    others: ['http://registry.corp.example:5000', 'https://ghcr.io', 'https://[2001:db8::1]/hub'],
    impossible: ['', 'registry-1.docker.io', 'ftp://registry.example', 7],
    allowed: 'expected an address such as https://registry-1.docker.io',
  },
  username: { ...text('', 'robot$reader'), impossible: ['a:b'], allowed: 'expected text without colon' },
  proxy: { ...text('', 'corp'), others: ['corp'] },
  disableProxy: flag(false),
  remoteRepoLayoutRef: text('', 'simple-default'),
  hardFail: flag(false),
  offline: flag(false),
  storeArtifactsLocally: flag(true),
  synchronizeProperties: flag(false),
  blockMismatchingMimeTypes: flag(true),
  mismatchingMimeTypesOverrideList: text('', 'text/html,application/xml'),
  allowAnyHostAuth: flag(false),
  enableCookieManagement: flag(false),
  bypassHeadRequests: flag(false),
  clientTlsCertificate: text(),
  listRemoteFolderItems: flag(false),
  disableUrlNormalization: flag(false),
  shareConfiguration: flag(false),
  contentSynchronisation: {
    sent: synchronisation(false),
    others: [synchronisation(true)],
    impossible: [true, [], { enabled: 'x' }, { source: { enabled: true } }],
    allowed: 'expected an object such as {"enabled":false',
  },
  enableTokenAuthentication: flag(false),
  blockPushingSchema1: flag(false),
  externalDependenciesEnabled: flag(false),
  dockerProjectId: text('', 'my-project'),
  curated: flag(false),
  passThrough: flag(false),
  retrievalCachePeriodSecs: count(7200, 0, tenYears),
  missedRetrievalCachePeriodSecs: count(1800, 0, tenYears),
  metadataRetrievalTimeoutSecs: count(60, 1, 2_147_483),
  assumedOfflinePeriodSecs: count(300, 0, tenYears),
  unusedArtifactsCleanupPeriodHours: count(0, 0, tenYears / 3600),
  socketTimeoutMillis: count(15_000, 1, 2_147_483_647),
  localAddress: {
    sent: '',
    others: ['192.0.2.7', '2001:db8::7'],
    impossible: ['localhost', '192.0.2.300', 7],
    allowed: 'expected an address such as 192.0.2.7 or 2001:db8::7',
  },
  queryParams: {
    sent: '',
    others: ['a=1&b=%20'],
    impossible: ['a b', 'a=#', '%2'],
    allowed: 'expected names and values such as a=1&b=2',
  },
}

const virtual: Fields = {
  ...base,
  repositories: {
    ...list(['member-a'], ['member-b', 'member-a']),
    impossible: ['member-a', [7], ['member-a', 'member-a']],
  },
  artifactoryRequestsCanRetrieveRemoteArtifacts: flag(false),
  resolveDockerTagsByTimestamp: flag(false),
}

/** What is wrong with them is said without their value. */
const mayHoldSecrets = new Set(['queryParams', 'enableTokenAuthentication'])

const kinds = { local, remote, virtual }

/** As the provider sends them where nobody says anything. */
function creation(rclass: string, fields: Fields): Record<string, unknown> {
  const sent = Object.entries(fields).map(([name, field]) => [name, field.sent])
  return { key: 'subject', rclass, packageType: 'docker', ...Object.fromEntries(sent) }
}

function synchronisation(on: boolean): object {
  const enabled = on
  return {
    enabled,
    statistics: { enabled },
    properties: { enabled },
    source: { originAbsenceDetection: on },
  }
}

let app: AdminApiApp
const remove = () => app.send('DELETE', '/artifactory/api/repositories/subject')
const shown = async () => (await app.get('subject')).json

beforeAll(async () => {
  app = await AdminApiApp.start()
  await app.addProxy('corp')
  for (const key of ['member-a', 'member-b']) await app.put(key, { rclass: 'local', packageType: 'docker' })
})
afterAll(() => app.close())

describe.each(Object.entries(kinds))('a docker repository that is %s', (rclass, fields) => {
  const whole = creation(rclass, fields)

  it('is shown as the provider has sent it, and once more when it sends that again', async () => {
    expect((await app.put('subject', whole)).status).toBe(200)
    expect(await shown()).toMatchObject(whole)
    expect((await app.post('subject', whole)).status).toBe(200)
    expect(await shown()).toMatchObject(whole)
    await remove()
  })

  it('has every field of its table when only what is required was sent', async () => {
    const { url } = whole
    const required = { rclass, packageType: 'docker', ...(url === undefined ? {} : { url }) }
    expect((await app.put('subject', required)).status).toBe(200)
    // Artifactory leaves out what the provider doesn't send either.
    const kept = Object.keys(fields).filter((name) => name !== 'clientTlsCertificate')
    expect(Object.keys((await shown()) as object)).toEqual(expect.arrayContaining(kept))
    await remove()
  })

  it.each(Object.entries(fields))(
    'takes each legal value of %s, and changes no other field',
    async (name, field) => {
      for (const value of field.others) {
        const changed = { ...whole, [name]: value }
        expect((await app.put('subject', changed)).status).toBe(200)
        expect(await shown()).toMatchObject(changed)
        expect((await app.post('subject', { [name]: field.sent })).status).toBe(200)
        expect(await shown()).toMatchObject(whole)
        expect((await app.post('subject', { [name]: value })).status).toBe(200)
        expect(await shown()).toMatchObject(changed)
        await remove()
      }
    },
  )

  it.each(Object.entries(fields))('refuses what %s can not be, and says what it can', async (name, field) => {
    await app.put('subject', whole)
    for (const value of field.impossible) {
      const answers = [
        await app.put('another', { ...whole, key: 'another', [name]: value }),
        await app.post('subject', { [name]: value }),
      ]
      for (const answer of answers) {
        expect(answer.status).toBe(400)
        const message = errorsOf(answer).join('\n')
        expect(message).toContain(`${name} is `)
        expect(message).toContain(field.allowed)
        const quoted = mayHoldSecrets.has(name) ? 'not acceptable' : JSON.stringify(value).slice(0, 50)
        expect(message).toContain(quoted)
      }
      expect(await shown()).toMatchObject(whole)
    }
    expect(app.repositories.find('another')).toBeUndefined()
    await remove()
  })
})
