import { Wire } from '../../conformance/matrix/wire.js'
import { adminPassword, Entrepot, type EntrepotOptions } from '../../support/entrepot.js'
import { FaultyUpstream } from '../../support/faulty-upstream.js'
import { makeImage, noise, ociManifest, sha256, type Image } from '../../support/images.js'
import { expectStatus, Registry, type Answer, type Credentials } from '../../support/registry-client.js'
import { grantCases, keys, type GrantCase } from './grants.js'
import { Visitor } from './visitor.js'

export const userPassword = 'quay-side: Bollard 17'
export const admin: Credentials = { user: 'admin', password: adminPassword }
const config = Buffer.from('{}')
const json = { 'content-type': 'application/json' }

/** A manifest of nothing but an empty configuration, and different from all others. */
export function smallManifest(seed: string, fields: object = {}): Image {
  const bytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: ociManifest,
      config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: sha256(config), size: 2 },
      layers: [],
      annotations: { seed },
      ...fields,
    }),
  )
  return {
    mediaType: ociManifest,
    bytes,
    digest: sha256(bytes),
    blobs: new Map([[sha256(config), config]]),
    children: [],
  }
}

/** What is in the images of one case. */
export interface CaseContent {
  readonly local: Image
  readonly referrer: Image
  /** Of the remote: tag `1`, in the cache. */
  readonly cached: Image
  /** Of the remote, and nobody has fetched it yet. */
  readonly cold: { readonly tag: string; readonly image: Image }
  /** Of somebody who may push. */
  readonly uploadId: string
}

/** One server with the four kinds of repository, people, and content for each case. */
export class World {
  readonly contents = new Map<string, CaseContent>()
  readonly wire: Wire
  readonly admin: Visitor
  #made = 0

  private constructor(
    readonly entrepot: Entrepot,
    readonly upstream: FaultyUpstream,
  ) {
    this.wire = new Wire({ port: entrepot.port, host: entrepot.host, login: 'Basic', ...admin })
    this.admin = this.visitor(admin)
  }

  static async start(options: EntrepotOptions = {}): Promise<World> {
    const [entrepot, upstream] = await Promise.all([Entrepot.start(options), FaultyUpstream.start()])
    return new World(entrepot, upstream)
  }

  async stop(): Promise<void> {
    this.wire.close()
    await Promise.all([this.entrepot.dispose(), this.upstream.stop()])
  }

  visitor(credentials: Credentials | undefined, login: Visitor['login'] = 'Basic'): Visitor {
    return new Visitor(this.wire, credentials, login)
  }

  /** Different each time. */
  unique(what: string): string {
    this.#made += 1
    return `${what}-${this.#made}`
  }

  /** Somebody's requests as the registry's other tests send them, with a password or an access token as such. */
  registry(credentials: Credentials): Registry {
    return new Registry(this.entrepot.url, credentials)
  }

  async administer(method: string, path: string, body?: object): Promise<Answer> {
    const ask = body === undefined ? {} : { headers: json, body: Buffer.from(JSON.stringify(body)) }
    return this.admin.send(method, path, ask)
  }

  /** As `administer`, and it must succeed. */
  async arrange(method: string, path: string, body?: object): Promise<Answer> {
    const answer = await this.administer(method, path, body)
    if (answer.status < 300) return answer
    throw new Error(`${method} ${path}: ${answer.status} ${answer.body.toString('utf8').slice(0, 300)}`)
  }

  async createUser(username: string, fields: object = {}): Promise<Credentials> {
    const groups = { groups: [], email: `${username}@example.org`, password: userPassword }
    await this.arrange('POST', '/access/api/v2/users', { username, ...groups, ...fields })
    return { user: username, password: userPassword }
  }

  /** A robot has no password of its own, but tokens. */
  async createRobot(username: string): Promise<void> {
    await this.arrange('POST', '/access/api/v2/users', { username, kind: 'robot' })
  }

  /** Somebody's access token, in place of their password. */
  async createToken(username: string, scope: string): Promise<Credentials> {
    const answer = await this.arrange('POST', '/access/api/v1/tokens', { username, scope, expires_in: 3600 })
    const created = JSON.parse(answer.body.toString('utf8')) as { access_token: string }
    return { user: username, password: created.access_token }
  }

  async putPermission(
    name: string,
    repo: {
      readonly repositories: readonly string[]
      readonly includes?: readonly string[]
      readonly excludes?: readonly string[]
      readonly users?: Readonly<Record<string, readonly string[]>>
      readonly groups?: Readonly<Record<string, readonly string[]>>
    },
  ): Promise<void> {
    await this.arrange('PUT', `/artifactory/api/v2/security/permissions/${name}`, {
      name,
      repo: {
        repositories: repo.repositories,
        'include-patterns': repo.includes ?? ['**'],
        'exclude-patterns': repo.excludes ?? [],
        actions: { users: repo.users ?? {}, groups: repo.groups ?? {} },
      },
    })
  }

  async switchAnonymous(enabled: boolean): Promise<void> {
    await this.arrange('PUT', '/artifactory/api/entrepot/anonymous', { enabled })
  }

  async createRepositories(): Promise<void> {
    const { entrepot, upstream } = this
    const remote = { rclass: 'remote', url: upstream.url, missedRetrievalCachePeriodSecs: 0 }
    await entrepot.createRepository(keys.local, { rclass: 'local' })
    await entrepot.createRepository(keys.remote, remote)
    for (const [key, repositories] of [
      [keys.virtual, [keys.local, keys.remote]],
      [keys.nested, [keys.virtual]],
    ] as const)
      await entrepot.createRepository(key, {
        rclass: 'virtual',
        repositories,
        defaultDeploymentRepo: keys.local,
      })
  }

  /** The same rights for the user, the group's members, the robot and whoever has no name, in the case's images. */
  async createGrants(user: string, group: string, robot: string): Promise<void> {
    for (const grant of grantCases) {
      const withoutManage = grant.actions.filter((action) => action !== 'manage')
      await this.putPermission(`case-${grant.name}`, {
        repositories: grant.in.map((kind) => keys[kind]),
        includes: [`${grant.name}/**`],
        users: { [user]: grant.actions, [robot]: grant.actions, anonymous: withoutManage },
        groups: { [group]: grant.actions },
      })
    }
  }

  async createContents(): Promise<void> {
    await Promise.all(
      grantCases.map(async (grant) => this.contents.set(grant.name, await this.#createContent(grant))),
    )
  }

  /** A manifest that only `who` and administrators know of, in the case's image for pushes. */
  async freshManifest(grant: GrantCase, tag?: string): Promise<Image> {
    const image = smallManifest(this.unique('fresh'))
    const { registry } = this.entrepot
    const name = `${keys.local}/${grant.name}/in`
    expectStatus(await registry.putManifest(name, tag ?? image.digest, image.bytes, image.mediaType), 201)
    return image
  }

  async freshBlob(grant: GrantCase): Promise<string> {
    return this.entrepot.registry.pushBlob(`${keys.local}/${grant.name}/in`, Buffer.from(this.unique('blob')))
  }

  /** Something that the upstream has and no cache. */
  freshUpstream(grant: GrantCase): { readonly tag: string; readonly image: Image } {
    const tag = this.unique('cold')
    const layer = noise(64, tag)
    const image = { ...smallManifest(tag), blobs: new Map([[sha256(layer), layer]]) }
    this.upstream.add(`${grant.name}/far`, tag, image)
    return { tag, image }
  }

  async #createContent(grant: GrantCase): Promise<CaseContent> {
    const { registry } = this.entrepot
    const [local, cached, cold] = ['local', 'cached', 'cold'].map((what) =>
      makeImage(`${grant.name}-${what}`, 500),
    )
    if (local === undefined || cached === undefined || cold === undefined) throw new Error('three were made')
    const app = `${keys.local}/${grant.name}/app`
    await registry.pushImage(app, '1', local)
    const subject = { mediaType: local.mediaType, digest: local.digest, size: local.bytes.length }
    const referrer = smallManifest(`${grant.name}-referrer`, {
      subject,
      artifactType: 'application/x-matrix',
    })
    await registry.pushImage(app, referrer.digest, referrer)

    const inbox = `${keys.local}/${grant.name}/in`
    await registry.pushImage(inbox, 'fixed', smallManifest(`${grant.name}-fixed`))
    const location = await registry.startUpload(inbox)

    this.upstream.add(`${grant.name}/far`, '1', cached)
    this.upstream.add(`${grant.name}/far`, 'uncached', cold)
    const far = `${keys.remote}/${grant.name}/far`
    expectStatus(await registry.manifest(far, '1'), 200)
    for (const digest of cached.blobs.keys()) expectStatus(await registry.blob(far, digest), 200)
    const uploadId = location.split('?')[0]?.split('/').at(-1) ?? ''
    return { local, referrer, cached, cold: { tag: 'uncached', image: cold }, uploadId }
  }
}
