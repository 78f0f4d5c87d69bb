import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DockerRegistry } from '../support/docker-registry.js'
import { Docker } from '../support/docker.js'
import { adminPassword, Entrepot } from '../support/entrepot.js'
import { makeImage, makeIndex } from '../support/images.js'
import { requirePart } from '../support/parts.js'
import { json } from '../support/registry-client.js'
import { upstreamUser } from '../support/token-server.js'

describe.skipIf(!requirePart('root', 'dockerd', 'docker', 'docker-registry'))('docker', () => {
  let entrepot: Entrepot
  let docker: Docker
  let open: DockerRegistry
  let guarded: DockerRegistry

  beforeAll(async () => {
    ;[entrepot, docker, open, guarded] = await Promise.all([
      Entrepot.start(),
      Docker.start(),
      DockerRegistry.start(),
      DockerRegistry.start({ withTokens: true }),
    ])
    await entrepot.createRepository('docker-second', { rclass: 'local' })
    await entrepot.createRepository('open', { rclass: 'remote', url: open.url, assumedOfflinePeriodSecs: 0 })
    await entrepot.createRepository('guarded', {
      rclass: 'remote',
      url: guarded.url,
      username: upstreamUser.user,
      password: upstreamUser.password,
    })
    await entrepot.createRepository('mixed', {
      rclass: 'virtual',
      repositories: ['docker-local', 'open', 'guarded'],
      defaultDeploymentRepo: 'docker-local',
    })
  })

  afterAll(async () => {
    await Promise.allSettled([docker?.dispose(), open?.dispose(), guarded?.dispose()])
    await entrepot?.dispose()
  })

  describe('that is not logged in', () => {
    beforeAll(async () => {
      await entrepot.registry.pushImage('docker-local/private/app', '1', makeImage('private'))
    })

    it('is refused a pull', async () => {
      const said = await docker.fails('pull', `${entrepot.host}/docker/private/app:1`)
      expect(said).toMatch(/denied|unauthorized|authentication required/i)
    })

    it('is refused a push', async () => {
      const name = `${entrepot.host}/docker/private/app:2`
      await docker.importImage(name, 'anonymous')
      const said = await docker.fails('push', name)
      expect(said).toMatch(/denied|unauthorized|authentication required/i)
      expect(await entrepot.registry.tags('docker/private/app')).toEqual(['1'])
    })

    it('is told at once that a password is wrong', async () => {
      const said = await docker.loginFails(entrepot.host, 'admin', 'not-the-password')
      expect(said).toMatch(/unauthorized|incorrect|denied/i)
    })
  })

  describe('that is logged in', () => {
    beforeAll(async () => {
      const said = await docker.login(entrepot.host, 'admin', adminPassword)
      expect(said).toContain('Login Succeeded')
    })

    it('pushes through the virtual repository and pulls the same image back by tag and by digest', async () => {
      const name = `${entrepot.host}/docker/team/app`
      await docker.importImage(`${name}:1`, 'app-1')
      const pushed = await docker.push(`${name}:1`)

      expect(await docker.pullAfresh(`${name}:1`)).toBe(pushed)
      expect(await docker.pullAfresh(`${name}@${pushed}`)).toBe(pushed)
      expect(await docker.pullAfresh(`${entrepot.host}/docker-local/team/app:1`)).toBe(pushed)

      const answer = await entrepot.registry.manifest('docker/team/app', '1')
      expect(answer.headers.get('docker-content-digest')).toBe(pushed)
      expect(answer.headers.get('x-artifactory-docker-registry')).toBe('docker-local')
    })

    it('pushes the same image again, and a changed one under the same tag', async () => {
      const name = `${entrepot.host}/docker/team/moving:latest`
      await docker.importImage(name, 'moving-1')
      const first = await docker.push(name)
      expect(await docker.push(name)).toBe(first)

      await docker.importImage(name, 'moving-2')
      const second = await docker.push(name)
      expect(second).not.toBe(first)
      expect(await docker.pullAfresh(name)).toBe(second)
      expect(await docker.pullAfresh(`${entrepot.host}/docker/team/moving@${first}`)).toBe(first)
    })

    it('pushes a layer of several megabytes', async () => {
      const name = `${entrepot.host}/docker/team/large:1`
      await docker.importImage(name, 'large', 8_000_000)
      const pushed = await docker.push(name)
      expect(await docker.pullAfresh(name)).toBe(pushed)
    })

    it('assembles a manifest list over images of other names and of another repository', async () => {
      const one = `${entrepot.host}/docker/parts/one:1`
      const two = `${entrepot.host}/docker/parts/two:1`
      await docker.importImage(one, 'part-one')
      await docker.importImage(two, 'part-two')
      const digests = [await docker.push(one), await docker.push(two)]

      for (const target of ['docker/parts/list', 'docker-second/parts/list']) {
        const list = `${entrepot.host}/${target}:1`
        await docker.run('manifest', 'create', '--insecure', list, one, two)
        await docker.run('manifest', 'annotate', '--arch', 'arm64', list, two)
        const pushed = (await docker.run('manifest', 'push', '--insecure', list)).trim().split('\n').at(-1)

        const answer = await entrepot.registry.manifest(target, '1')
        expect(answer.headers.get('docker-content-digest')).toBe(pushed)
        const { manifests } = json(answer) as { manifests: { digest: string }[] }
        expect(manifests.map((child) => child.digest)).toEqual(digests)
        expect((await entrepot.registry.manifest(target, digests[1] ?? '')).status).toBe(200)
      }
      expect(await docker.pullAfresh(`${entrepot.host}/docker-second/parts/list:1`)).toMatch(/^sha256:/)
    })

    it('pulls through a remote repository and through a virtual one over it', async () => {
      const image = makeImage('from-open')
      await open.client.pushImage('vendor/tool', '7', image)

      expect(await docker.pullAfresh(`${entrepot.host}/open/vendor/tool:7`)).toBe(image.digest)
      expect(await docker.pullAfresh(`${entrepot.host}/mixed/vendor/tool:7`)).toBe(image.digest)
      expect(await docker.pullAfresh(`${entrepot.host}/mixed/vendor/tool@${image.digest}`)).toBe(image.digest)
    })

    it('pulls its platform of an index through a remote that needs a token', async () => {
      const index = makeIndex('from-guarded')
      await guarded.client.pushImage('vendor/multi', 'stable', index)

      expect(await docker.pullAfresh(`${entrepot.host}/mixed/vendor/multi:stable`)).toBe(index.digest)
      expect(guarded.tokens?.asked.length).toBeGreaterThan(0)
      expect(guarded.tokens?.asked.every((one) => one.withPassword)).toBe(true)
    })

    it('is told that a tag does not exist', async () => {
      const said = await docker.fails('pull', `${entrepot.host}/mixed/vendor/absent:1`)
      expect(said).toMatch(/manifest unknown|not found/i)
    })

    it('is refused a push to a remote repository, with a message', async () => {
      const name = `${entrepot.host}/open/vendor/pushed:1`
      await docker.importImage(name, 'refused')
      const said = await docker.fails('push', name)
      expect(said).toMatch(/unsupported|denied|not allowed|not supported/i)
    })

    it('reads what was cached when the upstream is gone', async () => {
      const image = makeImage('survivor')
      await open.client.pushImage('vendor/survivor', '1', image)
      expect(await docker.pullAfresh(`${entrepot.host}/mixed/vendor/survivor:1`)).toBe(image.digest)
      await open.stop()
      try {
        expect(await docker.pullAfresh(`${entrepot.host}/mixed/vendor/survivor:1`)).toBe(image.digest)
      } finally {
        await open.launch()
      }
    })
  })
})
