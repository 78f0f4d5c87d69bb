import { FaultyRegistry } from '@entrepot/upstream/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AdminApiApp, errorsOf } from '../testing/admin-api-app.js'

const docker = { packageType: 'docker' }

let app: AdminApiApp
let digest: string
let stranger: string
beforeAll(async () => {
  app = await AdminApiApp.start()
  await app.put('docker-local', { ...docker, rclass: 'local' })
  await app.put('hub', { ...docker, rclass: 'remote', url: 'http://127.0.0.1:1' })
  await app.put('all', { ...docker, rclass: 'virtual', repositories: ['docker-local', 'hub'] })
  ;({ digest } = await app.workbench.pushImage('docker-local', 'team/app', '1.0'))
  stranger = await app.addUser('stranger')
})
afterAll(() => app.close())

const get = (path: string, authorization?: string) =>
  app.send('GET', `/artifactory/${path}`, undefined, authorization === undefined ? {} : { authorization })

describe('a download', () => {
  it('is of a manifest by tag and by digest however written, through a virtual repository too', async () => {
    const byTag = await get('docker-local/team/app/1.0/manifest.json')
    expect(byTag.status).toBe(200)
    expect(byTag.headers.get('x-checksum-sha256')).toBe(digest.slice(7))
    expect(byTag.headers.get('content-type')).toBe('application/vnd.oci.image.manifest.v1+json')
    expect(byTag.headers.get('x-artifactory-filename')).toBe('manifest.json')
    for (const folder of [digest, digest.replace(':', '__'), '1.0']) {
      expect((await get(`all/team/app/${folder}/manifest.json`)).text).toBe(byTag.text)
    }
  })

  it('is of a blob, which is never shown as a page', async () => {
    const manifest = JSON.parse((await get('docker-local/team/app/1.0/manifest.json')).text) as {
      config: { digest: string; size: number }
    }
    const answer = await get(`docker-local/team/app/1.0/${manifest.config.digest.replace(':', '__')}`)
    expect(answer.text).toBe('{}')
    expect(answer.headers.get('content-type')).toBe('application/octet-stream')
    expect(answer.headers.get('content-length')).toBe(`${manifest.config.size}`)
    expect(answer.headers.get('content-disposition')).toMatch(/^attachment/)
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
    expect(answer.headers.get('content-security-policy')).toContain('sandbox')
  })

  it('is looked at by HEAD without its bytes', async () => {
    const answer = await app.send('HEAD', '/artifactory/docker-local/team/app/1.0/manifest.json')
    expect(answer.status).toBe(200)
    expect(answer.headers.get('x-checksum-sha256')).toBe(digest.slice(7))
    expect(answer.text).toBe('')
  })

  it('by HEAD of a layer that is not cached yet fetches nothing', async () => {
    const upstream = await FaultyRegistry.start()
    try {
      await app.put('cold', { ...docker, rclass: 'remote', url: upstream.url })
      const { bytes } = upstream.addImage('team/cold', '1')
      await app.workbench.pull('cold', 'team/cold', '1')
      const [layer] = (JSON.parse(bytes.toString()) as { layers: { digest: string }[] }).layers
      const path = `/artifactory/cold/team/cold/1/${layer?.digest.replace(':', '__')}`
      expect((await app.send('HEAD', path)).status).toBe(200)
      expect(upstream.count('GET', /\/blobs\//)).toBe(0)
      expect((await app.send('GET', path)).status).toBe(200)
      expect(upstream.count('GET', /\/blobs\//)).toBe(1)
    } finally {
      await upstream.close()
    }
  })

  it('is refused of a folder, and is not there for who may not read it, or under another name', async () => {
    expect(errorsOf(await get('docker-local/team/app'))[0]).toContain('is a folder')
    const path = 'docker-local/team/app/1.0/manifest.json'
    for (const answer of [await get(path, stranger), await get('hub-cache/team/app/1.0/manifest.json')]) {
      expect(answer.status).toBe(404)
      expect(errorsOf(answer)[0]).toContain('there is no item')
    }
    expect((await get('docker-local-cache/team/app/1.0/manifest.json')).status).toBe(404)
    expect((await get('docker-local/team/app/1.0/list.manifest.json')).status).toBe(404)
  })

  it('leaves unknown routes what they are', async () => {
    const answer = await get('api/nowhere/at/all')
    expect(answer.status).toBe(404)
    expect(errorsOf(answer)[0]).toBe('there is no GET /artifactory/api/nowhere/at/all')
  })
})
