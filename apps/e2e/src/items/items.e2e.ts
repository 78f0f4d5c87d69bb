import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Containers } from '../support/containers.js'
import { adminPassword, Entrepot } from '../support/entrepot.js'
import { makeImage, makeIndex, ociIndex, ociManifest, writeLayout } from '../support/images.js'
import { requirePart } from '../support/parts.js'
import { bodyDigest, json } from '../support/registry-client.js'
import { eventually } from '../support/workplace.js'

interface Child {
  readonly uri: string
  readonly folder: boolean
}

const basicOf = (user: string, password: string) =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
const admin = basicOf('admin', adminPassword)
const userPassword = 'Warehouse-9 door'

describe.skipIf(!requirePart('root', 'skopeo'))('the items of repositories', () => {
  let entrepot: Entrepot
  let tools: Containers

  const ask = (method: string, path: string, authorization = admin, body?: object) =>
    fetch(`${entrepot.url}/artifactory/${path}`, {
      method,
      headers: { authorization, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  const info = async (path: string, authorization = admin) => {
    const answer = await ask('GET', `api/storage/${path}`, authorization)
    expect([path, answer.status]).toEqual([path, 200])
    return (await answer.json()) as Record<string, unknown> & { children: Child[] }
  }
  const namesIn = async (path: string, authorization = admin) =>
    (await info(path, authorization)).children.map(({ uri }) => uri)
  const copy = async (image: ReturnType<typeof makeImage>, to: string) => {
    const layout = join(tools.folder, to.replaceAll(/\W/g, '-'))
    await writeLayout(layout, image, '1')
    await tools.run('skopeo', 'copy', '--all', `oci:${layout}:1`, `docker://${entrepot.host}/${to}`)
  }

  beforeAll(async () => {
    entrepot = await Entrepot.start()
    tools = await Containers.create(entrepot.host)
    await tools.login('skopeo', entrepot.host, 'admin', adminPassword)
    await ask('PUT', 'api/security/users/reader', admin, { email: 'r@example.org', password: userPassword })
    await ask('PUT', 'api/v2/security/permissions/readers', admin, {
      name: 'readers',
      repo: {
        repositories: ['docker-local'],
        'include-patterns': ['team/app/v*'],
        actions: { users: { reader: ['read'] } },
      },
    })
  })
  afterAll(async () => {
    await tools?.dispose()
    await entrepot?.dispose()
  })

  it('are what skopeo has pushed', async () => {
    const image = makeImage('single')
    await copy(image, 'docker/team/app:v1')
    expect(await namesIn('docker-local')).toContain('/team')
    expect(await namesIn('docker-local/team')).toEqual(['/app'])
    const files = await namesIn('docker-local/team/app/v1')
    expect(files[0]).toBe('/manifest.json')
    expect(files.slice(1).toSorted()).toEqual(
      [...image.blobs.keys()].map((digest) => `/${digest.replace(':', '__')}`).toSorted(),
    )
    const manifest = await info('docker/team/app/v1/manifest.json')
    expect(manifest).toMatchObject({
      repo: 'docker-local',
      path: '/team/app/v1/manifest.json',
      createdBy: 'admin',
      mimeType: ociManifest,
      checksums: { sha256: image.digest.slice(7) },
    })
    const uri = new URL(String(manifest['downloadUri'])).pathname
    expect(bodyDigest(await entrepot.registry.get(uri))).toBe(image.digest)
    for (const file of files.slice(1)) {
      const { downloadUri, checksums } = await info(`docker-local/team/app/v1${file}`)
      const bytes = await entrepot.registry.get(new URL(String(downloadUri)).pathname)
      expect(checksums).toEqual({ sha256: bodyDigest(bytes).slice(7) })
    }
  })

  it('are an index and its children by digest', async () => {
    const index = makeIndex('many')
    await copy(index, 'docker-local/team/multi:1')
    expect(await namesIn('docker-local/team/multi/1')).toEqual(['/list.manifest.json'])
    const file = await info('docker-local/team/multi/1/list.manifest.json')
    expect(file).toMatchObject({ mimeType: ociIndex, checksums: { sha256: index.digest.slice(7) } })
    const answer = await entrepot.registry.manifest('docker-local/team/multi', '1')
    const { manifests } = json(answer) as { manifests: { digest: string }[] }
    expect(manifests).toHaveLength(2)
    for (const { digest } of manifests) {
      expect(await namesIn(`docker-local/team/multi/${digest}`)).toContain('/manifest.json')
    }
  })

  it('are listed down to a depth', async () => {
    const answer = await ask('GET', 'api/storage/docker-local/team?list&deep=1&listFolders=1')
    const { files } = (await answer.json()) as { files: { uri: string; folder: boolean; size: number }[] }
    const uris = files.map(({ uri }) => uri)
    expect(uris).toEqual(uris.toSorted())
    expect(uris).toEqual(
      expect.arrayContaining(['/app', '/app/v1', '/app/v1/manifest.json', '/multi/1/list.manifest.json']),
    )
    expect(files.filter(({ folder }) => !folder).every(({ size }) => size > 0)).toBe(true)
  })

  it('show nobody what they may not read', async () => {
    await copy(makeImage('closed'), 'docker-local/team/app:secret')
    const reader = basicOf('reader', userPassword)
    expect(await namesIn('docker/team/app', reader)).toEqual(['/v1'])
    expect(await namesIn('docker-local/team', reader)).toEqual(['/app'])
    for (const path of ['team/app/secret', 'team/multi', 'team/none']) {
      const answer = await ask('GET', `api/storage/docker-local/${path}`, reader)
      const message = `there is no item "docker-local/${path}"`
      expect([answer.status, await answer.json()]).toEqual([404, { errors: [{ status: 404, message }] }])
    }
    expect((await ask('DELETE', 'docker-local/team/app/secret', reader)).status).toBe(404)
    expect((await ask('DELETE', 'docker-local/team/app/v1', reader)).status).toBe(403)
    expect((await ask('GET', 'api/storage/docker-local/team/app', 'Basic eDp5')).status).toBe(401)
  })

  it('are deleted by tag, by image and by folder', async () => {
    expect((await ask('DELETE', 'docker-local/team/app/secret')).status).toBe(204)
    expect(await entrepot.registry.tags('docker-local/team/app')).toEqual(['v1'])
    expect((await ask('DELETE', 'docker/team/app')).status).toBe(204)
    expect((await entrepot.registry.manifest('docker-local/team/app', 'v1')).status).toBe(404)
    expect((await ask('DELETE', 'docker-local/team/')).status).toBe(204)
    expect((await ask('DELETE', 'docker-local/team/')).status).toBe(404)
    const names = ['docker-local/team/app:secret', 'docker-local/team/app', 'docker-local/team/multi']
    const hasAll = async () => {
      const audited = await (await ask('GET', 'api/entrepot/audit?action=delete')).text()
      return names.every((name) => audited.includes(`"${name}"`))
    }
    await eventually('the deletions are in the audit trail', hasAll)
  })

  it('of an image can be pushed again after its deletion', async () => {
    await copy(makeImage('single'), 'docker/team/app:v1')
    await tools.run('skopeo', 'inspect', `docker://${entrepot.host}/docker/team/app:v1`)
  })

  it('are listed by catalog and tags under the path that Artifactory uses', async () => {
    const base = '/artifactory/api/docker/docker-local/v2'
    await copy(makeImage('other'), 'docker-local/other/app:v1')
    expect(json(await entrepot.registry.get(`${base}/_catalog`))).toEqual({
      repositories: ['other/app', 'team/app'],
    })
    const page = await entrepot.registry.get(`${base}/_catalog?n=1`)
    expect(json(page)).toEqual({ repositories: ['other/app'] })
    expect(page.headers.get('link')).toContain('/artifactory/api/docker/docker-local/v2/_catalog?')
    expect(json(await entrepot.registry.get(`${base}/team/app/tags/list?n=5`))).toMatchObject({
      tags: ['v1'],
    })
  })

  it('are promoted with all that belongs to them, and without their bytes', async () => {
    const index = makeIndex('promoted')
    await copy(index, 'docker-local/dev/app:rc')
    await entrepot.createRepository('production', { rclass: 'local' })
    const promote = (body: object, authorization = admin) =>
      ask('POST', 'api/docker/docker-local/v2/promote', authorization, body)
    const asked = {
      targetRepo: 'production',
      dockerRepository: 'dev/app',
      targetDockerRepository: 'app',
      tag: 'rc',
      targetTag: '1.0',
    }
    const hidden = await promote(asked, basicOf('reader', userPassword))
    expect(hidden.status).toBe(404)

    const copied = await promote({ ...asked, copy: true })
    expect([copied.status, await copied.text()]).toEqual([200, 'Promotion ended successfully: 1 tag\n'])
    expect(await entrepot.registry.tags('docker-local/dev/app')).toEqual(['rc'])
    const moved = await promote({ targetRepo: 'production', dockerRepository: 'dev/app' })
    expect(moved.status).toBe(200)
    expect((await entrepot.registry.manifest('docker-local/dev/app', 'rc')).status).toBe(404)
    expect((await promote(asked)).status).toBe(404)

    for (const name of ['production/app:1.0', 'production/dev/app:rc']) {
      expect(await tools.digestOf(`${entrepot.host}/${name}`)).toBe(index.digest)
      const to = join(tools.folder, name.replaceAll(/\W/g, '-'))
      await tools.run('skopeo', 'copy', '--all', `docker://${entrepot.host}/${name}`, `oci:${to}:1`)
    }
  })
})
