import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { JfrogClient } from 'jfrog-client-js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Containers } from '../support/containers.js'
import { adminPassword, Entrepot } from '../support/entrepot.js'
import { type Image, makeImage, makeIndex, ociManifest, writeLayout } from '../support/images.js'
import { requirePart } from '../support/parts.js'

interface Item {
  readonly repo: string
  readonly path: string
  readonly name: string
  readonly sha256: string
  readonly actual_sha1: string
  readonly properties?: readonly { readonly key: string; readonly value: string }[]
}

const basicOf = (user: string, password: string) =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
const ciPassword = 'Warehouse-9 door'
const ci = basicOf('ci', ciPassword)
const stranger = basicOf('stranger', ciPassword)
const name = 'team/app build'
const started = '2026-11-21T01:00:00.000+0000'

/** What the CLI asks to see of the files that it searches: getQueryReturnFields in aqlquerybuilder.go. */
const shown =
  '.include("name","repo","path","actual_md5","actual_sha1","sha256","size","type","modified","created","property")'

/** As of CreateAqlBodyForSpecWithPattern in aqlquerybuilder.go, for a pattern `<repo>/<path>/*` that is not recursive. */
const inFolder = (repo: string, path: string) =>
  `items.find({"path":{"$ne":"."},"$or":[{"$and":[{"repo":"${repo}","path":"${path}","name":{"$match":"*"}}]}]})${shown}`

const fileOf = (digest: string) => digest.replace(':', '__')

/**
 * The requests of JFrog's CLI for build-info, in their order and with their headers, around pushes by a real client. The
 * CLI itself can't be had where the tests run; the shapes are those of its sources:
 * jfrog-cli-artifactory, artifactory/commands/container/push.go and ocicontainer/{buildinfo,localagent,remoteagent,manifest,
 * image}.go, artifactory/commands/buildinfo/publish.go; jfrog-client-go, artifactory/services/{aql,buildinfo,props,
 * dockerpromote,deletebuildinfo}.go and artifactory/services/utils/{aqlquerybuilder,searchutil,artifactoryutils}.go.
 */
describe.skipIf(!requirePart('root', 'skopeo'))("build-info of JFrog's CLI", () => {
  let entrepot: Entrepot
  let tools: Containers
  let image: Image

  const ask = (method: string, path: string, more: { body?: unknown; type?: string; as?: string } = {}) => {
    const { body, type, as = ci } = more
    return fetch(`${entrepot.url}/${path}`, {
      method,
      headers: {
        authorization: as,
        'user-agent': 'jfrog-cli-go/2.80.0',
        ...(type === undefined ? {} : { 'content-type': type }),
      },
      // Bytes, so that no media type is made up: the CLI sends queries without one.
      ...(body === undefined
        ? {}
        : { body: new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body)) }),
    })
  }
  const json = async <T>(answer: Promise<Response>): Promise<T> => {
    const response = await answer
    const text = await response.text()
    expect(response.status, text).toBe(200)
    return JSON.parse(text) as T
  }
  const aql = async (body: string, as = ci) => {
    const { results } = await json<{ results: readonly Item[] }>(
      ask('POST', 'artifactory/api/search/aql', { body, as }),
    )
    return results
  }
  const filesOf = (of: Image) => [...of.blobs.keys()].map(fileOf).sort()
  const push = async (of: Image, to: string) => {
    const layout = join(tools.folder, to.replaceAll(/\W/g, '-'))
    await writeLayout(layout, of, '1')
    await tools.run('skopeo', 'copy', '--all', `oci:${layout}:1`, `docker://${entrepot.host}/${to}`)
  }
  /** `PropsService.performRequest` in props.go: one request for each file that was found. */
  const setProperties = async (items: readonly Item[], number: string) => {
    const encoded = `build.name=${encodeURIComponent(name).replaceAll('%20', '+')};build.number=${number};build.timestamp=1763686800000`
    for (const { repo, path, name: file } of items) {
      const url = `artifactory/api/storage/${repo}/${path}/${file}?properties=${encoded}&recursive=0`
      expect((await ask('PUT', url)).status).toBe(204)
    }
  }
  const publish = async (number: string, module: object) => {
    const info = {
      name,
      number,
      agent: { name: 'jfrog-cli-go', version: '2.80.0' },
      buildAgent: { name: 'GENERIC', version: '2.80.0' },
      modules: [{ type: 'docker', ...module }],
      started,
      artifactoryPrincipal: 'ci',
    }
    const type = 'application/vnd.org.jfrog.artifactory+json'
    expect((await ask('PUT', 'artifactory/api/build', { body: info, type })).status).toBe(204)
    const { version } = await json<{ version: string }>(ask('GET', 'artifactory/api/system/version'))
    expect(Number(version.split('.')[0])).toBeGreaterThan(6)
  }
  const artifactOf = ({ name: file, actual_sha1: sha1, path }: Item) => ({
    name: file,
    sha1,
    path: `${path}/${file}`,
  })
  const escaped = `artifactory/api/build/${encodeURIComponent(name)}`

  beforeAll(async () => {
    entrepot = await Entrepot.start()
    tools = await Containers.create(entrepot.host)
    const admin = basicOf('admin', adminPassword)
    for (const user of ['ci', 'stranger']) {
      const body = { email: `${user}@example.org`, password: ciPassword }
      await ask('PUT', `artifactory/api/security/users/${user}`, {
        body,
        type: 'application/json',
        as: admin,
      })
    }
    await entrepot.createRepository('production', { rclass: 'local' })
    const permission = {
      name: 'ci',
      repo: {
        repositories: ['docker-local', 'production'],
        'include-patterns': ['team/**'],
        actions: { users: { ci: ['read', 'write', 'annotate', 'delete'] } },
      },
    }
    await ask('PUT', 'artifactory/api/v2/security/permissions/ci', {
      body: permission,
      type: 'application/json',
      as: admin,
    })
    await tools.login('skopeo', entrepot.host, 'ci', ciPassword)
    await entrepot.registry.pushImage('docker-local/secret/app', '1', makeImage('secret'))
    image = makeImage('built')
  })
  afterAll(async () => {
    await tools?.dispose()
    await entrepot?.dispose()
  })

  it('is collected for a push: docker push, search, manifest and config, properties, publish', async () => {
    await push(image, 'docker/team/app:1.0')
    // image.go, GetRemoteRepo: which repository took it.
    const head = await fetch(`${entrepot.url}/v2/docker/team/app/manifests/1.0`, {
      method: 'HEAD',
      headers: {
        authorization: ci,
        accept:
          'application/vnd.docker.distribution.manifest.v1+prettyjws, application/json, application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json, application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.oci.image.index.v1+json',
      },
    })
    expect(head.status).toBe(200)
    const repository = head.headers.get('x-artifactory-docker-registry')
    expect(repository).toBe('docker-local')
    const details = await json<{ key: string; rclass: string }>(
      ask('GET', `artifactory/api/repositories/${repository}`),
    )
    expect(details).toMatchObject({ key: 'docker-local', rclass: 'local' })
    // manifest.go, getManifestPaths: with the repository's key taken for a part of the name, and without.
    expect(await aql(inFolder('docker-local', 'docker/team/app/1.0'))).toEqual([])
    const found = await aql(inFolder('docker-local', 'team/app/1.0'))
    expect(found.map((item) => item.name)).toEqual(['manifest.json', ...filesOf(image)])
    // buildinfo.go, downloadLayer: the manifest and the config by their paths.
    const manifest = await ask('GET', 'artifactory/docker-local/team/app/1.0/manifest.json')
    expect(manifest.headers.get('content-type')).toBe(ociManifest)
    const { config, layers } = (await manifest.json()) as Record<'config', { digest: string }> & {
      layers: readonly { digest: string }[]
    }
    const file = await ask('GET', `artifactory/docker-local/team/app/1.0/${fileOf(config.digest)}`)
    expect(await file.json()).toHaveProperty('rootfs')
    for (const item of found) {
      const bytes = await ask('GET', `artifactory/${item.repo}/${item.path}/${item.name}`)
      const sums = createHash('sha1')
        .update(Buffer.from(await bytes.arrayBuffer()))
        .digest('hex')
      expect(item.actual_sha1).toBe(sums)
    }
    const named = new Map(found.map((item) => [item.name, item]))
    for (const { digest } of [config, ...layers]) expect(named.has(fileOf(digest))).toBe(true)
    await setProperties(found, '7')
    await publish('7', {
      id: 'app:1.0',
      properties: {
        'docker.image.id': config.digest,
        'docker.image.tag': `${entrepot.host}/docker/team/app:1.0`,
      },
      artifacts: found.map(artifactOf),
    })
  })

  it('is searched by build, as jf rt search --build does, and by property', async () => {
    const published = await json<{ buildInfo: { number: string } }>(ask('GET', `${escaped}/7`))
    expect(published.buildInfo.number).toBe('7')
    // The same image under another tag has the same checksums: the CLI tells them apart by the properties.
    await push(image, 'docker/team/app:copy')
    const body = `items.find({"$or":[{"$and":[{"artifact.module.build.name":"${name}","artifact.module.build.number":"7"}]}]})${shown}`
    const found = await aql(body)
    expect(new Set(found.map(({ path }) => path))).toEqual(new Set(['team/app/1.0', 'team/app/copy']))
    const isOfBuild = ({ properties = [] }: Item) =>
      properties.some(({ key, value }) => key === 'build.name' && value === name)
    expect(found.filter(isOfBuild).map((item) => `${item.path}/${item.name}`)).toEqual(
      ['manifest.json', ...filesOf(image)].map((each) => `team/app/1.0/${each}`),
    )
    const byProperty = `items.find({"$and":[{"@build.name":"${name}"},{"@build.number":"7"}],"path":{"$ne":"."},"$or":[{"$and":[{"repo":"docker-local","path":{"$match":"*"},"name":{"$match":"*"}}]}]})${shown}`
    expect(await aql(byProperty)).toEqual(found.filter(isOfBuild))
    // searchutil.go, fetchProps: properties are fetched apart where there is a limit.
    const limited = await aql(
      byProperty.replace(',"property"', '').concat('.sort({"$asc":["path","name"]}).limit(1)'),
    )
    expect(limited).toHaveLength(1)
    expect(limited[0]).not.toHaveProperty('properties')
  })

  it('is nothing that others find: neither the build nor the images', async () => {
    expect((await ask('GET', `${escaped}/7`, { as: stranger })).status).toBe(404)
    expect(await aql('items.find({"@build.name":{"$match":"*"}})', stranger)).toEqual([])
    expect(await aql('items.find({})', stranger)).toEqual([])
    const mine = await aql('items.find({"repo":"docker-local"})')
    expect(mine.every(({ path }) => path.startsWith('team/'))).toBe(true)
    expect((await ask('GET', 'artifactory/docker-local/secret/app/1/manifest.json')).status).toBe(404)
  })

  it('is collected for a pull, and what was pulled is found as a dependency', async () => {
    await tools.run(
      'skopeo',
      'copy',
      `docker://${entrepot.host}/docker/team/app:1.0`,
      `dir:${tools.folder}/pulled`,
    )
    const found = await aql(inFolder('docker-local', 'team/app/1.0'))
    const dependencies = found.map(({ name: id, actual_sha1: sha1 }) => ({ id, sha1 }))
    await publish('8', { id: 'app:1.0', dependencies })
    const body = `items.find({"$or":[{"$and":[{"dependency.module.build.name":"${name}","dependency.module.build.number":"8"}]}]})${shown}`
    expect((await aql(body)).filter(({ path }) => path === 'team/app/1.0')).toEqual(found)
  })

  it('is collected for an index and the images that it lists', async () => {
    const index = makeIndex('many')
    await push(index, 'docker/team/multi:1.0')
    const [list] = await aql(inFolder('docker-local', 'team/multi/1.0'))
    expect(list?.name).toBe('list.manifest.json')
    const fat = (await (
      await ask('GET', 'artifactory/docker-local/team/multi/1.0/list.manifest.json')
    ).json()) as {
      manifests: readonly { digest: string }[]
    }
    // buildinfo.go, performMultiPlatformImageSearch: everything in the folder of the image, at any depth.
    const all = await aql(
      `items.find({"path":{"$ne":"."},"$or":[{"$and":[{"repo":"docker-local","path":"team/multi","name":{"$match":"*"}}]},{"$and":[{"repo":"docker-local","path":{"$match":"team/multi/*"},"name":{"$match":"*"}}]}]})${shown}`,
    )
    for (const { digest } of fat.manifests) {
      const folder = all.filter(({ path }) => path === `team/multi/${digest}`)
      const own = folder.find((item) => item.name === 'manifest.json')
      expect(`sha256:${own?.sha256}`).toBe(digest)
      expect(folder.length).toBeGreaterThan(1)
      // localagent.go, search: of a pull the folder is written with two underscores.
      expect(await aql(inFolder('docker-local', `team/multi/${fileOf(digest)}`))).toEqual(folder)
      expect((await ask('GET', `artifactory/docker/team/multi/${fileOf(digest)}/manifest.json`)).status).toBe(
        200,
      )
    }
    await setProperties(all, '9')
    expect(await aql(`items.find({"@build.number":"9"})`)).toHaveLength(all.length)
  })

  it('stays with an image that is promoted, and is overwritten and discarded', async () => {
    const promotion = { targetRepo: 'production', dockerRepository: 'team/app', tag: '1.0', copy: true }
    const promoted = await ask('POST', 'artifactory/api/docker/docker-local/v2/promote', {
      body: promotion,
      type: 'application/json',
    })
    expect(promoted.status).toBe(200)
    const found = await aql(`items.find({"repo":"production","@build.name":"${name}"})${shown}`)
    expect(found.map((item) => item.name)).toEqual(['manifest.json', ...filesOf(image)])
    // promote.go: jf rt build-promote, of what is not there yet.
    expect((await ask('DELETE', 'artifactory/production/team/app/1.0')).status).toBe(204)
    const buildPromotion = await json<{ messages: readonly { level: string }[] }>(
      ask('POST', `artifactory/api/build/promote/${encodeURIComponent(name)}/7`, {
        body: { status: 'released', targetRepo: 'production', copy: true, properties: { qa: ['ok'] } },
        type: 'application/vnd.org.jfrog.artifactory.build.PromotionRequest+json',
      }),
    )
    expect(buildPromotion.messages.map(({ level }) => level)).not.toContain('ERROR')
    expect(await aql('items.find({"repo":"production","@qa":"ok","name":"manifest.json"})')).toHaveLength(1)
    const { buildInfo } = await json<{ buildInfo: { statuses: readonly object[] } }>(
      ask('GET', `${escaped}/7`),
    )
    expect(buildInfo.statuses).toMatchObject([{ status: 'released', repository: 'production', user: 'ci' }])
    // publish.go with --overwrite: the runs, then the deletion of those of the number.
    const { buildsNumbers } = await json<{ buildsNumbers: readonly { uri: string }[] }>(ask('GET', escaped))
    expect(buildsNumbers.map(({ uri }) => uri).sort()).toEqual(['/7', '/8'])
    const type = 'application/json'
    const deletion = { buildName: name, buildNumbers: ['7'], project: '' }
    expect((await ask('POST', 'artifactory/api/build/delete', { body: deletion, type })).status).toBe(200)
    const latest = [{ buildName: name, buildNumber: 'LATEST' }]
    expect(await json(ask('POST', 'artifactory/api/build/patternArtifacts', { body: latest, type }))).toEqual(
      [{ buildName: name, buildNumber: '8' }],
    )
    // discardBuilds.go
    const retention = { count: '0', deleteBuildArtifacts: false }
    const url = `artifactory/api/build/retention/${encodeURIComponent(name)}?async=false`
    expect((await ask('POST', url, { body: retention, type })).status).toBe(204)
    expect((await ask('GET', escaped)).status).toBe(404)
  })

  it("is found by JFrog's client for Node.js", async () => {
    const client = new JfrogClient({
      artifactoryUrl: `${entrepot.url}/artifactory`,
      username: 'ci',
      password: ciPassword,
      retries: 0,
      logger: { debug: () => undefined, error: () => undefined, warn: () => undefined },
    })
    const search = client.artifactory().search()
    const { results } = await search.aqlSearch(inFolder('docker-local', 'team/app/1.0'))
    expect(results.map((item) => item.name)).toEqual(['manifest.json', ...filesOf(image)])
    await expect(search.aqlSearch('items.find({"repo": ')).rejects.toThrow(/400/)
  })

  it('is refused with a position, without a stack or SQL', async () => {
    const answer = await ask('POST', 'artifactory/api/search/aql', {
      body: `items.find({"name": "'; DROP TABLE tags"`,
    })
    expect(answer.status).toBe(400)
    expect(await answer.text()).toMatch(/AQL, line 1 column \d+: the query ends, expected/)
    expect(await aql(`items.find({"name": "'; DROP TABLE tags --"})`)).toEqual([])
    expect(await aql(`items.find({"path": {"$match": "%' OR true --*"}})`)).toEqual([])
  })
})
