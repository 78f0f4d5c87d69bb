import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Containerd } from '../support/containerd.js'
import { DockerRegistry } from '../support/docker-registry.js'
import { adminPassword, Entrepot } from '../support/entrepot.js'
import { makeImage, makeIndex, writeLayout } from '../support/images.js'
import { requirePart } from '../support/parts.js'
import { succeed } from '../support/processes.js'
import { bodyDigest } from '../support/registry-client.js'
import { removeFolder, temporaryFolder } from '../support/workplace.js'

const admin = ['--user', `admin:${adminPassword}`]

describe.skipIf(!requirePart('root', 'containerd', 'ctr', 'docker-registry'))('containerd', () => {
  let entrepot: Entrepot
  let containerd: Containerd
  let upstream: DockerRegistry

  beforeAll(async () => {
    ;[entrepot, containerd, upstream] = await Promise.all([
      Entrepot.start(),
      Containerd.start(),
      DockerRegistry.start(),
    ])
    await entrepot.createRepository('quay', {
      rclass: 'remote',
      url: upstream.url,
      assumedOfflinePeriodSecs: 0,
    })
    await entrepot.createRepository('mixed', {
      rclass: 'virtual',
      repositories: ['docker-local', 'quay'],
      defaultDeploymentRepo: 'docker-local',
    })
  })

  beforeEach(async () => {
    await containerd.forgetImages()
  })

  afterAll(async () => {
    await Promise.allSettled([containerd?.dispose(), upstream?.dispose()])
    await entrepot?.dispose()
  })

  it('pushes an index through the virtual repository and pulls it back by tag and by digest', async () => {
    const index = makeIndex('pushed')
    const folder = await temporaryFolder('layout')
    await writeLayout(join(folder, 'oci'), index, '1')
    await succeed('tar', ['-C', join(folder, 'oci'), '-cf', join(folder, 'image.tar'), '.'])
    const name = `${entrepot.host}/docker/team/pushed`
    const platforms = ['--all-platforms', '--no-unpack']
    await containerd.run('images', 'import', ...platforms, '--base-name', name, join(folder, 'image.tar'))
    await removeFolder(folder)

    await containerd.run('images', 'push', '--plain-http', ...admin, `${name}:1`)
    expect(bodyDigest(await entrepot.registry.manifest('docker-local/team/pushed', '1'))).toBe(index.digest)

    await containerd.forgetImages()
    await containerd.pull(`${name}:1`, '--plain-http', '--all-platforms', ...admin)
    expect(await containerd.digestOf(`${name}:1`)).toBe(index.digest)
    await containerd.pull(`${name}@${index.digest}`, '--plain-http', ...admin)
    expect(await containerd.digestOf(`${name}@${index.digest}`)).toBe(index.digest)
  })

  it('is refused with a wrong password and without one', async () => {
    await entrepot.registry.pushImage('docker-local/closed/app', '1', makeImage('closed'))
    const pull = ['images', 'pull', '--plain-http', '--snapshotter', 'native']
    const name = `${entrepot.host}/docker/closed/app:1`
    const refused = /401|unauthorized|authorization failed|denied/i
    expect(await containerd.fails(...pull, '--user', 'admin:not-the-password', name)).toMatch(refused)
    expect(await containerd.fails(...pull, name)).toMatch(refused)
  })

  it('pulls through a remote repository and through a virtual one over it', async () => {
    const image = makeImage('bought', 400_000)
    await upstream.client.pushImage('vendor/bought', '1', image)
    for (const key of ['quay', 'mixed']) {
      const name = `${entrepot.host}/${key}/vendor/bought:1`
      await containerd.pull(name, '--plain-http', ...admin)
      expect(await containerd.digestOf(name)).toBe(image.digest)
    }
  })

  it('uses Entrepot as the mirror of a registry, which it names by ?ns=', async () => {
    const image = makeImage('mirrored')
    await upstream.client.pushImage('vendor/mirrored', '1', image)
    await containerd.mirror(upstream.host, entrepot.url)

    const name = `${upstream.host}/vendor/mirrored:1`
    await containerd.pull(name, '--hosts-dir', containerd.hostsFolder, ...admin)
    expect(await containerd.digestOf(name)).toBe(image.digest)

    // The mirror answered, not the registry itself: what it cached outlives the upstream.
    await upstream.stop()
    try {
      await containerd.forgetImages()
      await containerd.pull(name, '--hosts-dir', containerd.hostsFolder, ...admin)
      expect(await containerd.digestOf(name)).toBe(image.digest)
      const asked = await entrepot.registry.get(`/v2/vendor/mirrored/manifests/1?ns=${upstream.host}`)
      expect(asked.status).toBe(200)
      expect(asked.headers.get('x-artifactory-docker-registry')).toBe('quay')
    } finally {
      await upstream.launch()
    }
  })

  it('is sent to the repository of the upstream that ns names, and to none for an unknown one', async () => {
    const image = makeImage('named')
    await upstream.client.pushImage('vendor/named', '1', image)
    const known = await entrepot.registry.get(`/v2/vendor/named/manifests/1?ns=${upstream.host}`)
    expect(known.status).toBe(200)
    expect(bodyDigest(known)).toBe(image.digest)
    expect(known.headers.get('oci-namespace')).toBe(upstream.host)

    const unknown = await entrepot.registry.get('/v2/vendor/named/manifests/1?ns=registry.nowhere.example')
    expect(unknown.status).toBe(404)
  })
})
