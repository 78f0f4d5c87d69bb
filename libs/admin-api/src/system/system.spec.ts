import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AdminApiApp, errorsOf, userPassword, basic } from '../testing/admin-api-app.js'

const api = '/artifactory/api'

let app: AdminApiApp
beforeAll(async () => {
  app = await AdminApiApp.start()
})
afterAll(() => app.close())

const asUser = { authorization: basic('user', userPassword) }

describe('what clients ask at their start', () => {
  it('is answered to every user: ping, and a version by which Terraform chooses its newer API', async () => {
    const ping = await app.send('GET', `${api}/system/ping`, undefined, asUser)
    expect([ping.status, ping.text]).toEqual([200, 'OK'])
    const { version } = (await app.send('GET', `${api}/system/version`, undefined, asUser)).json as {
      version: string
    }
    const [major = 0, minor = 0, patch] = version.split('.').map(Number)
    expect(major * 1000 + minor).toBeGreaterThanOrEqual(7108)
    expect(Number.isInteger(patch)).toBe(true)
  })

  it('is the name of the service that a scope of older tokens begins with', async () => {
    const answer = await app.send('GET', `${api}/system/service_id`, undefined, asUser)
    expect([answer.status, answer.text]).toEqual([200, 'jfrt@entrepot'])
    const form = {
      raw: `scope=${answer.text}:admin`,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    }
    const token = await app.send('POST', `${api}/security/token`, undefined, form)
    expect(token.json).toMatchObject({ scope: 'applied-permissions/admin' })
  })

  it('may tell of the features they use', async () => {
    const told = { productId: 'terraform-provider-artifactory/12', features: [{ featureId: 'x' }] }
    expect((await app.send('POST', `${api}/system/usage`, told, asUser)).status).toBe(200)
    expect((await app.send('POST', `${api}/system/usage`, told, { authorization: undefined })).status).toBe(
      401,
    )
  })
})

describe('the storage info', () => {
  it('has the figures of the whole and of each repository in the shape of Artifactory', async () => {
    await app.put('hub', { rclass: 'remote', packageType: 'docker', url: 'https://registry-1.docker.io' })
    await app.put('here', { rclass: 'local', packageType: 'docker' })
    const info = (await app.send('GET', `${api}/storageinfo`)).json
    expect(info).toEqual({
      binariesSummary: {
        binariesCount: '3,020',
        binariesSize: '3.00 GB',
        artifactsSize: '4.00 GB',
        optimization: '75%',
        itemsCount: '3,529',
        artifactsCount: '3,520',
      },
      repositoriesSummaryList: [
        expect.objectContaining({ repoKey: 'here', repoType: 'LOCAL', foldersCount: 7, filesCount: 2010 }),
        {
          repoKey: 'hub',
          repoType: 'CACHE',
          foldersCount: 2,
          filesCount: 1510,
          usedSpace: '1.00 GB',
          usedSpaceInBytes: 1024 ** 3,
          itemsCount: 1512,
          packageType: 'Docker',
          projectKey: 'default',
          percentage: '25%',
        },
        expect.objectContaining({ repoKey: 'TOTAL', repoType: 'NA', itemsCount: 3529, percentage: '100%' }),
      ],
    })
  })

  it('is for administrators', async () => {
    expect((await app.send('GET', `${api}/storageinfo`, undefined, asUser)).status).toBe(403)
  })
})

describe('the probes', () => {
  const ask = (path: string) =>
    app.send('GET', `${api}/v1/system/${path}`, undefined, { authorization: undefined })

  it('need no login', async () => {
    for (const path of ['liveness', 'readiness']) {
      const answer = await ask(path)
      expect([answer.status, answer.json]).toEqual([200, { code: 'OK' }])
    }
  })

  it('tell a server that is not ready from one that is not there', async () => {
    app.ready(false)
    try {
      expect((await ask('liveness')).status).toBe(200)
      const answer = await ask('readiness')
      expect(answer.status).toBe(503)
      expect(errorsOf(answer)[0]).toContain('not ready')
    } finally {
      app.ready(true)
    }
  })
})

describe("the probes of JFrog's platform", () => {
  const nobody = { authorization: undefined }
  const ask = (path: string) => app.send('GET', path, undefined, nobody)

  it.each(['access', 'router'])('answer for %s without a login', async (service) => {
    const ping = await ask(`/${service}/api/v1/system/ping`)
    expect([ping.status, ping.text]).toEqual([200, 'OK'])
    for (const probe of ['liveness', 'readiness']) {
      expect((await ask(`/${service}/api/v1/system/${probe}`)).json).toEqual({ code: 'OK' })
    }
  })

  it('tell how the services are', async () => {
    const path = '/router/api/v1/system/health'
    const well = await ask(path)
    expect([well.status, well.json]).toMatchObject([
      200,
      {
        router: { state: 'HEALTHY', message: 'OK' },
        services: [
          { service_id: expect.stringMatching(/^jfrt@/) as string, state: 'HEALTHY', message: 'OK' },
          { service_id: expect.stringMatching(/^jfac@/) as string, state: 'HEALTHY', message: 'OK' },
        ],
      },
    ])
    app.ready(false)
    try {
      const ill = await ask(path)
      expect([ill.status, ill.json]).toMatchObject([
        503,
        { services: [{ state: 'UNHEALTHY' }, { state: 'UNHEALTHY' }] },
      ])
    } finally {
      app.ready(true)
    }
  })
})

describe('what clients ask for before they go on', () => {
  it('is answered: a licence, and fresh figures', async () => {
    expect((await app.send('GET', `${api}/system/license`, undefined, asUser)).json).toMatchObject({
      type: 'Enterprise',
    })
    const asked = await app.send('POST', `${api}/storageinfo/calculate`)
    expect(asked.status).toBe(202)
    expect((await app.send('POST', `${api}/storageinfo/calculate`, undefined, asUser)).status).toBe(403)
    expect(
      (await app.send('GET', `${api}/system/license`, undefined, { authorization: undefined })).status,
    ).toBe(401)
  })
})

describe('X-JFrog-Art-Api', () => {
  const path = `${api}/repositories`
  const shown = (key: string, authorization?: string) =>
    app.send('GET', path, undefined, { authorization, headers: { 'x-jfrog-art-api': key } })
  const newToken = async () => {
    const body = { scope: 'applied-permissions/admin', expires_in: 3600 }
    const answer = await app.send('POST', '/access/api/v1/tokens', body)
    return (answer.json as { access_token: string }).access_token
  }

  it('shows an access token', async () => {
    expect((await shown(await newToken())).status).toBe(200)
  })

  it.each(['', 'canary-nonsense', 'a b', 'Basic canary'])('is refused with %j', async (key) => {
    const answer = await shown(key)
    expect(answer.status).toBe(401)
    expect(answer.text + JSON.stringify(app.logged)).not.toContain('canary')
  })

  it('counts for nothing beside an Authorization header', async () => {
    expect((await shown(await newToken(), basic('admin', 'wrong'))).status).toBe(401)
    expect((await shown('nonsense', asUser.authorization)).status).toBe(200)
  })
})
