import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AdminApiApp, errorsOf } from './testing/admin-api-app.js'

const base = '/artifactory/api/repositories'
const local = { rclass: 'local', packageType: 'docker' }
const remote = { rclass: 'remote', packageType: 'docker', url: 'https://registry-1.docker.io' }
const virtual = { rclass: 'virtual', packageType: 'docker' }

let app: AdminApiApp
beforeEach(async () => {
  app = await AdminApiApp.start({ publicUrl: 'https://registry.example' })
})
afterEach(() => app.close())

const commonDefaults = {
  packageType: 'docker',
  description: '',
  notes: '',
  includesPattern: '**/*',
  excludesPattern: '',
  repoLayoutRef: 'simple-default',
  projectKey: '',
  environments: [],
  blackedOut: false,
  xrayIndex: false,
  priorityResolution: false,
  archiveBrowsingEnabled: false,
  downloadRedirect: false,
  cdnRedirect: false,
  propertySets: [],
}

describe('RepositoriesController', () => {
  it("creates a local repository with Artifactory's defaults", async () => {
    const created = await app.put('docker-local', local)
    expect(created.status).toBe(200)
    expect(created.headers.get('content-type')).toMatch(/^text\/plain/)
    expect(created.headers.get('warning')).toBeNull()
    expect(created.text.trimEnd()).toBe("Successfully created repository 'docker-local'")
    expect((await app.get('docker-local')).json).toEqual({
      ...commonDefaults,
      key: 'docker-local',
      rclass: 'local',
      dockerApiVersion: 'V2',
      maxUniqueTags: 0,
      dockerTagRetention: 1,
      blockPushingSchema1: true,
    })
  })

  it("creates a remote repository with Artifactory's defaults and shows no password", async () => {
    expect((await app.put('docker-hub', { ...remote, username: 'u', password: 'canary' })).status).toBe(200)
    expect((await app.get('docker-hub')).json).toEqual({
      ...commonDefaults,
      key: 'docker-hub',
      rclass: 'remote',
      url: 'https://registry-1.docker.io',
      username: 'u',
      proxy: '',
      disableProxy: false,
      remoteRepoLayoutRef: '',
      hardFail: false,
      offline: false,
      storeArtifactsLocally: true,
      synchronizeProperties: false,
      blockMismatchingMimeTypes: true,
      mismatchingMimeTypesOverrideList: '',
      allowAnyHostAuth: false,
      enableCookieManagement: false,
      bypassHeadRequests: false,
      listRemoteFolderItems: false,
      disableUrlNormalization: false,
      shareConfiguration: false,
      contentSynchronisation: {
        enabled: false,
        statistics: { enabled: false },
        properties: { enabled: false },
        source: { originAbsenceDetection: false },
      },
      enableTokenAuthentication: false,
      blockPushingSchema1: false,
      externalDependenciesEnabled: false,
      dockerProjectId: '',
      curated: false,
      passThrough: false,
      retrievalCachePeriodSecs: 7200,
      missedRetrievalCachePeriodSecs: 1800,
      metadataRetrievalTimeoutSecs: 60,
      assumedOfflinePeriodSecs: 300,
      unusedArtifactsCleanupPeriodHours: 0,
      socketTimeoutMillis: 15_000,
      localAddress: '',
      queryParams: '',
    })
    expect(app.repositories.find('docker-hub')?.config).toMatchObject({ password: 'canary' })
    expect(JSON.stringify(app.logged)).not.toContain('canary')
  })

  it("creates a virtual repository with Artifactory's defaults", async () => {
    await app.put('docker', virtual)
    expect((await app.get('docker')).json).toEqual({
      ...commonDefaults,
      key: 'docker',
      rclass: 'virtual',
      repositories: [],
      defaultDeploymentRepo: '',
      artifactoryRequestsCanRetrieveRemoteArtifacts: false,
      resolveDockerTagsByTimestamp: false,
    })
  })

  it('answers what Terraform sends: key, empty project, null environments', async () => {
    const body = { ...local, key: 'tf', projectKey: '', environments: null, notes: null }
    expect((await app.put('tf', body)).status).toBe(200)
    expect((await app.get('tf')).json).toMatchObject({ notes: '', environments: [] })
  })

  it('changes what an update names and nothing else', async () => {
    await app.put('hub', { ...remote, description: 'd', username: 'u', password: 'p', maxUniqueTags: 1 })
    const before = (await app.get('hub')).json as object
    const answer = await app.post('hub', { notes: 'n', hardFail: true, retrievalCachePeriodSecs: 0 })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain/)
    expect((await app.get('hub')).json).toEqual({
      ...before,
      notes: 'n',
      hardFail: true,
      retrievalCachePeriodSecs: 0,
    })
  })

  it('keeps the password on an update without one or with an empty one, and takes a new one', async () => {
    const password = () => (app.repositories.find('hub')!.config as { password?: string }).password
    await app.put('hub', { ...remote, username: 'u', password: 'first' })
    await app.post('hub', { notes: 'n' })
    expect(password()).toBe('first')
    await app.post('hub', { password: '' })
    expect(password()).toBe('first')
    await app.post('hub', { password: 'second' })
    expect(password()).toBe('second')
  })

  it('takes an empty list of patterns for external dependencies for all, and shows it when it was given', async () => {
    const patterns = async () =>
      ((await app.get('hub')).json as Record<string, unknown>)['externalDependenciesPatterns']
    await app.put('hub', remote)
    expect(await patterns()).toBeUndefined()
    await app.post('hub', { externalDependenciesEnabled: true, externalDependenciesPatterns: [] })
    expect(await patterns()).toEqual(['**'])
    await app.post('hub', { externalDependenciesPatterns: ['a.example/**'] })
    await app.post('hub', { externalDependenciesEnabled: false })
    expect(await patterns()).toEqual(['a.example/**'])
  })

  it('refuses a local address that is none', async () => {
    for (const localAddress of ['eth0', '192.0.2.256', 'localhost', 7]) {
      const answer = await app.put('hub', { ...remote, localAddress })
      expect([answer.status, errorsOf(answer)]).toEqual([
        400,
        [expect.stringContaining('expected an address such as 192.0.2.7')],
      ])
    }
  })

  it('takes back what it showed', async () => {
    await app.put('hub', { ...remote, username: 'u', password: 'p', externalDependenciesPatterns: ['**'] })
    const { config } = app.repositories.find('hub')!
    const shown = (await app.get('hub')).json as object
    const answer = await app.post('hub', shown)
    expect([answer.status, answer.headers.get('warning')]).toEqual([200, null])
    const again = app.repositories.find('hub')!.config
    expect({ ...again, extra: {} }).toEqual({ ...config, extra: {} })
    expect((await app.get('hub')).json).toEqual(shown)
  })

  it('fills up a partial contentSynchronisation', async () => {
    await app.put('hub', { ...remote, contentSynchronisation: { statistics: { enabled: true } } })
    expect((await app.get('hub')).json).toMatchObject({
      contentSynchronisation: {
        enabled: false,
        statistics: { enabled: true },
        source: { originAbsenceDetection: false },
      },
    })
  })

  it('ignores unknown fields and says which', async () => {
    const answer = await app.put('l', { ...local, url: 'x', signedUrlTtl: 90, 'bad"\r\nname\u00fc': 1 })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('warning')).toBe(
      '299 - "ignored unknown fields: url, signedUrlTtl, bad???name?"',
    )
    expect((await app.get('l')).json).not.toHaveProperty('signedUrlTtl')
  })

  it('names at most twenty of them', async () => {
    const many = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`f${index}`, index]))
    const answer = await app.put('l', { ...local, ...many })
    expect(answer.headers.get('warning')).toMatch(/f19 and 4980 more"$/)
  })

  it('lets no field reach a prototype', async () => {
    const raw =
      '{"rclass":"local","packageType":"docker","__proto__":{"admin":true},"constructor":{"name":"x"},"toString":1}'
    const answer = await app.send('PUT', `${base}/l`, undefined, { raw })
    expect(answer.status).toBe(200)
    expect(({} as { admin?: boolean }).admin).toBeUndefined()
    expect((await app.get('l')).json).not.toHaveProperty('constructor')
  })

  it('keeps the path to itself: no traversal reaches another route', async () => {
    await app.put('l', local)
    for (const path of [`${base}/../repositories/x`, `${base}/%2e%2e/l`, `${base}/..%2fl`, `${base}/l%00`]) {
      expect([400, 404]).toContain(await app.sendPath('GET', path))
    }
    expect(await app.sendPath('GET', `${base}/%zz`)).toBe(400)
    expect(await app.sendPath('GET', `${base}/%c0%ae`)).toBe(400)
  })

  it('refuses a key that is taken with 409 and leaves the repository as it is', async () => {
    await app.put('l', { ...local, notes: 'first' })
    const answer = await app.put('l', { ...local, notes: 'second' })
    expect(answer.status).toBe(409)
    expect(errorsOf(answer)).toHaveLength(1)
    expect((await app.get('l')).json).toMatchObject({ notes: 'first' })
  })

  it('lets one of many who create the same key win', async () => {
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) => app.put('l', { ...local, notes: `${index}` })),
    )
    expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([
      200,
      ...Array.from({ length: 9 }, () => 409),
    ])
  })

  it('loses no field when many update at one time', async () => {
    await app.put('hub', remote)
    const changes = [
      { description: 'd' },
      { notes: 'n' },
      { username: 'u' },
      { password: 'p' },
      { hardFail: true },
      { proxy: 'x' },
    ]
    await app.addProxy('x')
    const answers = await Promise.all(changes.map((change) => app.post('hub', change)))
    expect(answers.map(({ status }) => status)).toEqual(changes.map(() => 200))
    const { password, ...shown } = Object.assign({}, ...changes) as { password: string }
    expect((await app.get('hub')).json).toMatchObject(shown)
    expect(app.repositories.find('hub')?.config).toMatchObject({ password })
  })

  it('refuses to change the kind, and leaves all as it was', async () => {
    await app.put('l', local)
    const answer = await app.post('l', { ...remote })
    expect(answer.status).toBe(400)
    expect(errorsOf(answer)[0]).toContain('rclass is "remote", expected "local"')
    expect((await app.get('l')).json).toMatchObject({ rclass: 'local' })
  })

  it('refuses a wrong update as it refuses a wrong creation', async () => {
    await app.put('hub', remote)
    for (const change of [{ url: 'https://u:p@x' }, { url: '' }, { offline: 'no' }, { key: 'hub2' }]) {
      expect((await app.post('hub', change)).status).toBe(400)
    }
    expect((await app.get('hub')).json).toMatchObject({ url: remote.url, offline: false })
  })

  it('answers 400 for every unknown key, in Artifactory shape', async () => {
    for (const [method, body] of [['GET'], ['HEAD'], ['DELETE'], ['POST', local]] as const) {
      for (const key of ['ghost', '__proto__', 'constructor']) {
        const answer = await app.send(method, `${base}/${key}`, body)
        expect([method, answer.status]).toEqual([method, 400])
        if (method !== 'HEAD') expect(errorsOf(answer)).toHaveLength(1)
      }
    }
  })

  it('answers HEAD like GET, without a body', async () => {
    await app.put('l', local)
    const answer = await app.send('HEAD', `${base}/l`)
    expect([answer.status, answer.text]).toEqual([200, ''])
  })

  it('deletes with 200, once', async () => {
    await app.put('l', local)
    const answer = await app.send('DELETE', `${base}/l`)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain/)
    expect((await app.send('DELETE', `${base}/l`)).status).toBe(400)
    expect((await app.get('l')).status).toBe(400)
  })

  it('refuses to delete a member of a virtual, naming the virtual', async () => {
    await app.put('l', local)
    await app.put('v', { ...virtual, repositories: ['l'] })
    const answer = await app.send('DELETE', `${base}/l`)
    expect(answer.status).toBe(409)
    expect(errorsOf(answer)[0]).toContain('v')
  })

  it('keeps the order of members and takes a local one as deployment target', async () => {
    for (const key of ['a', 'b', 'c']) await app.put(key, local)
    const body = { ...virtual, repositories: ['c', 'a', 'b'], defaultDeploymentRepo: 'a' }
    await app.put('v', body)
    expect((await app.get('v')).json).toMatchObject(body)
    await app.post('v', { notes: 'n' })
    expect((await app.get('v')).json).toMatchObject({ ...body, notes: 'n' })
  })

  it('unsets the deployment target for a name that does not exist, and for an empty one', async () => {
    await app.put('l', local)
    for (const name of ['non-existant-value-1234', '', '__proto__', 'constructor']) {
      await app.put('v', { ...virtual, repositories: ['l'], defaultDeploymentRepo: 'l' })
      expect((await app.post('v', { defaultDeploymentRepo: name })).status).toBe(200)
      expect((await app.get('v')).json).toMatchObject({ defaultDeploymentRepo: '' })
      await app.send('DELETE', `${base}/v`)
    }
  })

  it('refuses a cycle over several virtuals with its path', async () => {
    await app.put('a', virtual)
    await app.put('b', { ...virtual, repositories: ['a'] })
    await app.put('c', { ...virtual, repositories: ['b'] })
    const answer = await app.post('a', { repositories: ['c'] })
    expect(answer.status).toBe(400)
    expect(errorsOf(answer)[0]).toContain('a -> c -> b -> a')
  })

  it('lists repositories by key in the shape of the list, filtered', async () => {
    await app.put('v', { ...virtual, projectKey: 'p' })
    await app.put('hub', { ...remote, description: 'the hub' })
    await app.put('l', local)
    const keys = async (query: string) =>
      ((await app.send('GET', `${base}${query}`)).json as { key: string }[]).map(({ key }) => key)
    expect((await app.send('GET', base)).json).toEqual([
      {
        key: 'hub',
        type: 'REMOTE',
        description: 'the hub',
        url: 'https://registry-1.docker.io',
        packageType: 'Docker',
      },
      {
        key: 'l',
        type: 'LOCAL',
        description: '',
        url: 'https://registry.example/artifactory/l',
        packageType: 'Docker',
      },
      {
        key: 'v',
        type: 'VIRTUAL',
        description: '',
        url: 'https://registry.example/artifactory/v',
        packageType: 'Docker',
      },
    ])
    expect(await keys('?type=local')).toEqual(['l'])
    expect(await keys('?type=REMOTE&packageType=Docker')).toEqual(['hub'])
    expect(await keys('?type=federated')).toEqual([])
    expect(await keys('?packageType=maven')).toEqual([])
    expect(await keys('?type=&packageType=&project=')).toEqual(['hub', 'l', 'v'])
    expect(await keys('?project=p')).toEqual(['v'])
  })

  it('refuses filters that mean nothing', async () => {
    for (const query of [
      '?type=lokal',
      '?type=local&type=remote',
      '?type[$ne]=local&type=x',
      '?type=constructor',
    ]) {
      expect((await app.send('GET', `${base}${query}`)).status).toBe(400)
    }
  })

  it('shows the address that the request reached when there is no public one', async () => {
    const other = await AdminApiApp.start()
    try {
      await other.put('l', local)
      expect((await other.send('GET', base)).json).toMatchObject([{ url: `${other.url}/artifactory/l` }])
    } finally {
      await other.close()
    }
  })
})
