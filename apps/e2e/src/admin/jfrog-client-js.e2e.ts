import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { JfrogClient } from 'jfrog-client-js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AdminClient, type Json } from '../support/admin-client.js'
import { adminPassword, Entrepot } from '../support/entrepot.js'
import { makeImage, sha256 } from '../support/images.js'
import { removeFolder, temporaryFolder } from '../support/workplace.js'

const quiet = { debug: () => undefined, error: () => undefined, warn: () => undefined }

/** JFrog's own client for Node.js, which its IDE extensions and build tasks use. */
describe('jfrog-client-js', () => {
  let entrepot: Entrepot
  let folder: string

  const clientOf = (credentials: object) =>
    new JfrogClient({
      artifactoryUrl: `${entrepot.url}/artifactory`,
      retries: 0,
      logger: quiet,
      ...credentials,
    }).artifactory()
  const admin = () => clientOf({ username: 'admin', password: adminPassword })
  const image = makeImage('client-js')
  const manifest = 'docker-local/js/app/1/manifest.json'

  beforeAll(async () => {
    entrepot = await Entrepot.start()
    folder = await temporaryFolder('client-js')
    await entrepot.registry.pushImage('docker-local/js/app', '1', image)
  })
  afterAll(async () => {
    await entrepot?.dispose()
    if (folder !== undefined) await removeFolder(folder)
  })

  it('learns the version, with a password and with a token, and reports its use', async () => {
    const answer = await AdminClient.basic(entrepot.url, 'admin', adminPassword).make({
      method: 'POST',
      path: '/access/api/v1/tokens',
      body: { scope: 'applied-permissions/user' },
      done: [200],
    })
    const { access_token: accessToken } = JSON.parse(answer.text) as Json
    for (const client of [admin(), clientOf({ accessToken })]) {
      expect((await client.system().version()).version).toMatch(/^7\.\d+\.\d+$/)
      const features = [{ featureId: 'search' }]
      await expect(client.system().reportUsage('entrepot-test/1.0', features)).resolves.toEqual({})
    }
  })

  it('is told by ping, which it sends without its credentials, that one has to log in', async () => {
    expect(await admin().system().ping()).toBe(false)
  })

  it('downloads a manifest and a layer, into memory and into a file', async () => {
    expect(await admin().download().downloadArtifact(`/${manifest}`)).toEqual(
      JSON.parse(image.bytes.toString()),
    )
    const [[digest, layer] = ['', Buffer.alloc(0)]] = image.blobs
    const file = join(folder, 'layer')
    await admin()
      .download()
      .downloadArtifactToFile(`/docker-local/js/app/1/${digest.replace(':', '__')}`, file)
    expect(sha256(await readFile(file))).toBe(sha256(layer))
  })

  it('reads checksums without the content', async () => {
    const { sha256: shown } = await admin().download().getArtifactChecksum(`/${manifest}`)
    expect(`sha256:${shown}`).toBe(image.digest)
  })

  it('fails for what is not there, and for a wrong password', async () => {
    const failure = async (attempt: Promise<unknown>) => {
      const error = await attempt.then(
        () => undefined,
        (reason: unknown) => reason,
      )
      return (error as { response?: { status: number } } | undefined)?.response?.status
    }
    expect(await failure(admin().download().downloadArtifact('/docker-local/js/none/1/manifest.json'))).toBe(
      404,
    )
    const stranger = clientOf({ username: 'admin', password: 'not the password' })
    expect(await failure(stranger.system().version())).toBe(401)
    expect(await failure(stranger.download().getArtifactChecksum(`/${manifest}`))).toBe(401)
  })
})
