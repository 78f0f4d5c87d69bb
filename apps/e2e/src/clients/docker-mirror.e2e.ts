import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DockerRegistry } from '../support/docker-registry.js'
import { Docker } from '../support/docker.js'
import { adminPassword, Entrepot } from '../support/entrepot.js'
import { makeImage } from '../support/images.js'
import { requirePart } from '../support/parts.js'

/**
 * `registry-mirrors` of a daemon asks `/v2/library/...` at the root of the host, without a repository key. The
 * credentials it sends to a mirror are those kept for Docker Hub.
 */
const hub = 'https://index.docker.io/v1/'

describe.skipIf(!requirePart('root', 'dockerd', 'docker', 'docker-registry'))(
  'docker with Entrepot as its mirror',
  () => {
    let entrepot: Entrepot
    let docker: Docker
    let upstream: DockerRegistry

    beforeAll(async () => {
      ;[entrepot, upstream] = await Promise.all([
        Entrepot.start({ env: { ENTREPOT_DEFAULT_REPOSITORY: 'mirror' } }),
        DockerRegistry.start(),
      ])
      await entrepot.createRepository('hub', {
        rclass: 'remote',
        url: upstream.url,
        assumedOfflinePeriodSecs: 0,
      })
      await entrepot.createRepository('mirror', { rclass: 'virtual', repositories: ['docker-local', 'hub'] })
      docker = await Docker.start({ mirrors: [entrepot.url] })
    })

    afterAll(async () => {
      await Promise.allSettled([docker?.dispose(), upstream?.dispose()])
      await entrepot?.dispose()
    })

    it('serves names without a repository key from the default repository', async () => {
      const image = makeImage('alpine')
      await upstream.client.pushImage('library/alpine', '3', image)

      const answer = await entrepot.registry.manifest('library/alpine', '3')
      expect(answer.status).toBe(200)
      expect(answer.headers.get('docker-content-digest')).toBe(image.digest)
      expect(answer.headers.get('x-artifactory-docker-registry')).toBe('hub')
    })

    it('lets the daemon pull a bare name, once, with the upstream gone the second time', async () => {
      const image = makeImage('nginx')
      await upstream.client.pushImage('library/nginx', '1', image)
      await docker.keepCredentials(hub, 'admin', adminPassword)
      expect(await docker.pullAfresh('nginx:1')).toBe(image.digest)
      await upstream.stop()
      try {
        expect(await docker.pullAfresh(`nginx@${image.digest}`)).toBe(image.digest)
      } finally {
        await upstream.launch()
        await docker.keepCredentials(hub, 'admin', 'not-the-password')
      }
    })

    it('does not hand images to a daemon that is not logged in', async () => {
      await upstream.client.pushImage('library/busybox', '1', makeImage('busybox'))
      // The daemon turns to the real hub after the mirror's refusal, which nothing here reaches.
      await docker.fails('pull', 'busybox:1')
      expect((await entrepot.anonymous.manifest('library/busybox', '1')).status).toBe(401)
    })
  },
)
