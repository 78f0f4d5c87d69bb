import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Containers } from '../support/containers.js'
import { DockerRegistry } from '../support/docker-registry.js'
import { adminPassword, Entrepot } from '../support/entrepot.js'
import { makeImage, makeIndex, makeTar, noise, writeLayout } from '../support/images.js'
import { requirePart } from '../support/parts.js'
import { bodyDigest, json } from '../support/registry-client.js'
import { upstreamUser } from '../support/token-server.js'

describe.skipIf(!requirePart('root', 'podman', 'skopeo', 'buildah', 'docker-registry'))(
  'podman, skopeo and buildah',
  () => {
    let entrepot: Entrepot
    let tools: Containers
    let stranger: Containers
    let upstream: DockerRegistry

    beforeAll(async () => {
      ;[entrepot, upstream] = await Promise.all([
        Entrepot.start(),
        DockerRegistry.start({ withTokens: true }),
      ])
      tools = await Containers.create(entrepot.host)
      stranger = await Containers.create(entrepot.host)
      await entrepot.createRepository('upstream', {
        rclass: 'remote',
        url: upstream.url,
        username: upstreamUser.user,
        password: upstreamUser.password,
      })
      await entrepot.createRepository('docker-second', { rclass: 'local' })
      await entrepot.createRepository('mixed', {
        rclass: 'virtual',
        repositories: ['docker-local', 'upstream'],
        defaultDeploymentRepo: 'docker-local',
      })
      await tools.login('podman', entrepot.host, 'admin', adminPassword)
    })

    afterAll(async () => {
      await Promise.allSettled([tools?.dispose(), stranger?.dispose(), upstream?.dispose()])
      await entrepot?.dispose()
    })

    it.each(['podman', 'skopeo', 'buildah'] as const)(
      '%s login takes the right password only',
      async (tool) => {
        // A name of its own: after some failures a name has to wait.
        const name = `${tool}-user`
        const password = 'Right for 1 tool'
        const created = await fetch(`${entrepot.url}/artifactory/api/security/users/${name}`, {
          method: 'PUT',
          headers: {
            authorization: `Basic ${Buffer.from(`admin:${adminPassword}`).toString('base64')}`,
            'content-type': 'application/json',
          },
          body: JSON.stringify({ email: `${name}@example.org`, password }),
        })
        expect(created.status).toBe(201)
        const said = await stranger.loginFails(tool, entrepot.host, name, 'not-the-password')
        expect(said).toMatch(/invalid username\/password|unauthorized|authentication/i)

        const other = await Containers.create(entrepot.host)
        expect(await other.login(tool, entrepot.host, name, password)).toContain('Login Succeeded')
        await other.dispose()
      },
    )

    it('refuses every one of them without a login', async () => {
      await entrepot.registry.pushImage('docker-local/closed/app', '1', makeImage('closed'))
      const name = `${entrepot.host}/docker/closed/app:1`
      const layout = join(stranger.folder, 'layout')
      await writeLayout(layout, makeImage('intruder'), '1')

      const refused = /unauthorized|authentication required|denied/i
      expect(await stranger.fails('podman', 'pull', name)).toMatch(refused)
      expect(await stranger.fails('buildah', 'pull', name)).toMatch(refused)
      expect(await stranger.fails('skopeo', 'inspect', `docker://${name}`)).toMatch(refused)
      expect(await stranger.fails('skopeo', 'copy', `oci:${layout}:1`, `docker://${name}`)).toMatch(refused)
    })

    it('buildah builds, pushes through the virtual repository and pulls back by digest', async () => {
      const name = `${entrepot.host}/docker/team/built`
      const context = join(tools.folder, 'context')
      await mkdir(context)
      await writeFile(join(context, 'file'), noise(100_000, 'built'))
      await writeFile(join(context, 'Containerfile'), 'FROM scratch\nCOPY file /file\nLABEL made=here\n')
      await tools.run('buildah', 'build', '--tag', `${name}:1`, context)
      await tools.run('buildah', 'push', '--digestfile', join(tools.folder, 'digest'), `${name}:1`)

      const digest = await tools.digestOf(`${name}:1`)
      await tools.run('buildah', 'rmi', '--all', '--force')
      await tools.run('buildah', 'pull', `${name}@${digest}`)
      expect(await tools.run('buildah', 'images', '--digests', '--no-trunc')).toContain(digest)
    })

    it('podman pushes through the virtual repository and pulls back by tag and by digest', async () => {
      const name = `${entrepot.host}/docker/team/podded`
      const archive = join(tools.folder, 'podded.tar')
      await writeFile(archive, makeTar({ file: noise(100_000, 'podded') }))
      await tools.run('podman', 'import', archive, `${name}:1`)
      await tools.run('podman', 'push', `${name}:1`)

      const digest = await tools.digestOf(`${name}:1`)
      await tools.run('podman', 'rmi', '--all', '--force')
      await tools.run('podman', 'pull', `${name}:1`)
      await tools.run('podman', 'pull', `${name}@${digest}`)
      const inspected = await tools.run('podman', 'inspect', '--format', '{{.Digest}}', `${name}:1`)
      expect(inspected.trim()).toBe(digest)
      const stored = await entrepot.registry.manifest('docker-local/team/podded', digest)
      expect(bodyDigest(stored)).toBe(digest)
    })

    it('podman search finds images by name and lists tags', async () => {
      await entrepot.registry.pushImage('docker-local/findable/thing', '1', makeImage('find-1'))
      await entrepot.registry.pushImage('docker-local/findable/thing', '2', makeImage('find-2'))

      expect(await tools.run('podman', 'search', `${entrepot.host}/findable`)).toContain(
        'docker-local/findable/thing',
      )
      const listed = await tools.run(
        'podman',
        'search',
        '--list-tags',
        `${entrepot.host}/docker/findable/thing`,
      )
      expect(listed).toMatch(/thing\s+1\n.*thing\s+2/)
    })

    it('skopeo copies a multi-arch index with all its children, unchanged', async () => {
      const index = makeIndex('multi', ['amd64', 'arm64', 's390x'])
      const layout = join(tools.folder, 'multi')
      await writeLayout(layout, index, '1')
      const first = `docker://${entrepot.host}/docker/team/multi:1`
      await tools.run('skopeo', 'copy', '--all', `oci:${layout}:1`, first)
      await tools.run(
        'skopeo',
        'copy',
        '--all',
        first,
        `docker://${entrepot.host}/docker-second/team/multi:1`,
      )

      for (const name of ['docker/team/multi', 'docker-second/team/multi']) {
        const answer = await entrepot.registry.manifest(name, '1')
        expect(bodyDigest(answer)).toBe(index.digest)
        expect(answer.headers.get('content-type')).toBe(index.mediaType)
        for (const child of index.children) {
          expect(bodyDigest(await entrepot.registry.manifest(name, child.digest))).toBe(child.digest)
          for (const digest of child.blobs.keys())
            expect(bodyDigest(await entrepot.registry.blob(name, digest))).toBe(digest)
        }
      }
    })

    it('skopeo lists tags and deletes an image with its tags', async () => {
      const image = makeImage('doomed')
      await entrepot.registry.pushImage('docker-local/team/doomed', 'a', image)
      await entrepot.registry.pushImage('docker-local/team/doomed', 'b', image)
      await entrepot.registry.pushImage('docker-local/team/doomed', 'c', makeImage('spared'))
      const reference = `docker://${entrepot.host}/docker-local/team/doomed`
      const listed = JSON.parse(await tools.run('skopeo', 'list-tags', reference)) as { Tags: string[] }
      expect(listed.Tags).toEqual(['a', 'b', 'c'])

      await tools.run('skopeo', 'delete', `${reference}:a`)
      expect(await entrepot.registry.tags('docker-local/team/doomed')).toEqual(['c'])
      expect((await entrepot.registry.manifest('docker-local/team/doomed', image.digest)).status).toBe(404)
    })

    it('skopeo copies between two repositories without sending blobs again', async () => {
      const image = makeImage('mounted', 2_000_000)
      await entrepot.registry.pushImage('docker-local/team/mounted', '1', image)
      await entrepot.createRepository('docker-third', { rclass: 'local' })
      const [source, second, third] = ['docker', 'docker-second', 'docker-third'].map(
        (key) => `docker://${entrepot.host}/${key}/team/mounted:1`,
      ) as [string, string, string]
      // The first copy teaches skopeo where the blobs are; the second one mounts them from there.
      await tools.run('skopeo', 'copy', source, second)
      await entrepot.logged(await entrepot.registry.get('/v2/'))
      const before = entrepot.requests.length
      await tools.run('skopeo', 'copy', second, third)
      const copied = await entrepot.registry.manifest('docker-third/team/mounted', '1')
      expect(bodyDigest(copied)).toBe(image.digest)

      await entrepot.logged(copied)
      const asked = entrepot.requests.slice(before)
      expect(asked.some((one) => one.method === 'POST' && one.status === 201)).toBe(true)
      expect(asked.reduce((bytes, one) => bytes + one.bytesIn, 0)).toBeLessThan(10_000)
    })

    it('all pull through a remote that needs a token, directly and through the virtual', async () => {
      const image = makeImage('bought', 1_000_000)
      await upstream.client.pushImage('vendor/bought', '1', image)

      await tools.run('podman', 'pull', `${entrepot.host}/mixed/vendor/bought:1`)
      await tools.run('buildah', 'pull', `${entrepot.host}/upstream/vendor/bought:1`)
      expect(await tools.digestOf(`${entrepot.host}/upstream/vendor/bought:1`)).toBe(image.digest)
      expect(await tools.digestOf(`${entrepot.host}/mixed/vendor/bought@${image.digest}`)).toBe(image.digest)
    })

    it('skopeo copies a whole index through the virtual out of the remote', async () => {
      const index = makeIndex('imported')
      await upstream.client.pushImage('vendor/imported', '1', index)
      const from = `docker://${entrepot.host}/mixed/vendor/imported:1`
      await tools.run('skopeo', 'copy', '--all', from, `docker://${entrepot.host}/docker-second/imported:1`)
      expect(bodyDigest(await entrepot.registry.manifest('docker-second/imported', '1'))).toBe(index.digest)
    })

    it('skopeo keeps an sbom and its subject together by referrers', async () => {
      const image = makeImage('subject')
      await entrepot.registry.pushImage('docker-local/team/subject', '1', image)
      const sbom = makeImage('sbom')
      const manifest = JSON.parse(sbom.bytes.toString()) as object
      const subject = { mediaType: image.mediaType, digest: image.digest, size: image.bytes.length }
      const bytes = Buffer.from(JSON.stringify({ ...manifest, artifactType: 'text/sbom', subject }))
      for (const blob of sbom.blobs.values()) await entrepot.registry.pushBlob('docker/team/subject', blob)
      const put = await entrepot.registry.putManifest('docker/team/subject', 'sbom', bytes, image.mediaType)
      expect(put.headers.get('oci-subject')).toBe(image.digest)

      const listed = await entrepot.registry.get(`/v2/docker/team/subject/referrers/${image.digest}`)
      expect((json(listed) as { manifests: unknown[] }).manifests).toMatchObject([
        { artifactType: 'text/sbom', size: bytes.length },
      ])
      const copy = `docker://${entrepot.host}/docker-second/team/subject:sbom`
      await tools.run('skopeo', 'copy', `docker://${entrepot.host}/docker/team/subject:sbom`, copy)
      const copied = await entrepot.registry.get(`/v2/docker-second/team/subject/referrers/${image.digest}`)
      expect((json(copied) as { manifests: unknown[] }).manifests).toHaveLength(1)
    })
  },
)
