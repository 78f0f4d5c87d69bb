import type { AdminAnswer, AdminClient, Json } from '../support/admin-client.js'

export interface UserRow {
  readonly username: string
  readonly password: string
  readonly email: string
}

export interface Promotion {
  readonly image: string
  readonly from: string
  readonly to: string
  readonly targetImage?: string
  readonly tag?: string
  readonly targetTag?: string
  readonly copy?: boolean
}

export interface TokenOptions {
  readonly groups?: string
  readonly grantAdmin?: boolean
  readonly expires_in?: string
  readonly refreshable?: string
}

const api = '/artifactory/api'

/**
 * The commands `jf rt …` of the JFrog CLI 2 as their requests: jfrog-client-go 1, artifactory/services/{repository,
 * deleterepository,users,groups,permissiontarget,dockerpromote,security,system,ping}.go, access/services/accesstoken.go, and
 * artifactory/commands of jfrog-cli-core 2. Each fails by the statuses by which the client fails.
 */
export class JfrogCli {
  constructor(private readonly client: AdminClient) {}

  /** `jf rt ping` */
  async ping(): Promise<string> {
    return (await this.made('GET', `${api}/system/ping`, [200])).text
  }

  /** `jf rt curl` */
  curl(method: string, path: string): Promise<AdminAnswer> {
    return this.client.send(method, `/artifactory${path}`)
  }

  /** `jf rt repo-create`: what the template says, with an empty list or text left out. */
  async repoCreate(template: Json): Promise<void> {
    const { path, body, type } = this.repositoryRequest(template)
    await this.client.make({ method: 'PUT', path, body, type, done: [200] })
  }

  /** `jf rt repo-update` */
  async repoUpdate(template: Json): Promise<void> {
    const { path, body, type } = this.repositoryRequest(template)
    await this.client.make({ method: 'POST', path, body, type, done: [200] })
  }

  /** `jf rt repo-delete`, whose pattern may have one `*`. */
  async repoDelete(pattern: string): Promise<void> {
    const isPattern = pattern.includes('*')
    const all = isPattern ? await this.repositoryKeys() : [pattern]
    const [head = '', tail = ''] = pattern.split('*')
    for (const key of all.filter((one) => !isPattern || (one.startsWith(head) && one.endsWith(tail)))) {
      await this.made('DELETE', `${api}/repositories/${key}`, [200])
    }
  }

  /** `jf rt users-create --csv … --users-groups …` */
  async usersCreate(rows: readonly UserRow[], groups?: readonly string[]): Promise<void> {
    for (const { username: name, ...row } of rows) {
      const path = `${api}/security/users/${name}`
      const existing = await this.client.send('GET', path)
      if (existing.status !== 404) throw new Error(`user '${name}' already exists: ${existing.status}`)
      await this.made('PUT', path, [200, 201], { name, ...row, ...(groups === undefined ? {} : { groups }) })
    }
  }

  /** `jf rt users-delete` */
  async usersDelete(names: readonly string[]): Promise<void> {
    for (const name of names) await this.made('DELETE', `${api}/security/users/${name}`, [200])
  }

  /** `jf rt group-create` */
  async groupCreate(name: string): Promise<void> {
    const path = `${api}/security/groups/${name}`
    const existing = await this.client.send('GET', `${path}?includeUsers=false`)
    if (existing.status !== 404) throw new Error(`Group '${name}' already exists: ${existing.status}`)
    await this.made('PUT', path, [200, 201], { name })
  }

  /** `jf rt group-add-users`, which counts on it that nobody leaves. */
  async groupAddUsers(name: string, userNames: readonly string[]): Promise<void> {
    await this.made('POST', `${api}/security/groups/${name}`, [200], { name, userNames })
  }

  /** `jf rt group-delete` */
  async groupDelete(name: string): Promise<void> {
    await this.made('DELETE', `${api}/security/groups/${name}`, [200])
  }

  /** `jf rt permission-target-create`; sections that a template lacks are sent without anything in them. */
  async permissionTargetCreate(name: string, sections: Json): Promise<void> {
    await this.made(
      'POST',
      `${api}/v2/security/permissions/${name}`,
      [200, 201],
      withSections(name, sections),
    )
  }

  /** `jf rt permission-target-update` */
  async permissionTargetUpdate(name: string, sections: Json): Promise<void> {
    await this.made('PUT', `${api}/v2/security/permissions/${name}`, [200, 201], withSections(name, sections))
  }

  /** `jf rt permission-target-delete`, by the older API. */
  async permissionTargetDelete(name: string): Promise<void> {
    await this.made('DELETE', `${api}/security/permissions/${name}`, [200])
  }

  /** `jf rt docker-promote`; options that are not given are sent empty. */
  async dockerPromote({ image, from, to, targetImage, tag, targetTag, copy }: Promotion): Promise<void> {
    await this.made('POST', `${api}/docker/${from}/v2/promote`, [200], {
      targetRepo: to,
      dockerRepository: image,
      targetDockerRepository: targetImage ?? '',
      tag: tag ?? '',
      targetTag: targetTag ?? '',
      copy: copy ?? false,
    })
  }

  /** `jf rt access-token-create`, a form of the older API. */
  async accessTokenCreate(
    userName: string,
    { groups, grantAdmin = false, ...others }: TokenOptions = {},
  ): Promise<Json> {
    const scope: string[] = []
    if (groups !== undefined || !grantAdmin) scope.push(`member-of-groups:${groups ?? '*'}`)
    if (grantAdmin) {
      const { text } = await this.made('GET', `${api}/system/service_id`, [200])
      scope.push(`${text}:admin`)
    }
    return this.form(`${api}/security/token`, { username: userName, scope: scope.join(' '), ...others })
  }

  /** What the CLI does with a token that is about to expire. */
  refresh(refreshToken: string, accessToken: string): Promise<Json> {
    return this.form(`${api}/security/token`, {
      grant_type: 'refresh_token',
      refresh_token: refreshToken,
      access_token: accessToken,
    })
  }

  /** By the client's list of a user's tokens, and its revocation. */
  async userTokens(userName: string): Promise<readonly string[]> {
    const { tokens } = JSON.parse((await this.made('GET', `${api}/security/token`, [200])).text) as {
      tokens: { token_id: string; subject: string }[]
    }
    return tokens.filter(({ subject }) => subject.endsWith(`/${userName}`)).map(({ token_id: id }) => id)
  }

  async revoke(tokenId: string): Promise<void> {
    const body = new URLSearchParams({ token_id: tokenId }).toString()
    await this.client.make({
      method: 'POST',
      path: `${api}/security/token/revoke`,
      body,
      type: 'application/x-www-form-urlencoded',
      done: [200],
    })
  }

  private async repositoryKeys(): Promise<readonly string[]> {
    const { text } = await this.made('GET', `${api}/repositories`, [200])
    return (JSON.parse(text) as { key: string }[]).map(({ key }) => key)
  }

  /** Under the media type of the kind, in capitals. */
  private repositoryRequest(template: Json): { path: string; body: string; type: string } {
    const kind = String(template['rclass']).toUpperCase()
    const sent = Object.entries(template).filter(([, value]) => value !== '' && value !== 0)
    return {
      path: `${api}/repositories/${String(template['key'])}`,
      body: JSON.stringify(Object.fromEntries(sent)),
      type: `application/vnd.org.jfrog.artifactory.repositories.${kind}RepositoryConfiguration+json`,
    }
  }

  private async form(path: string, fields: Readonly<Record<string, string>>): Promise<Json> {
    const body = new URLSearchParams(fields).toString()
    const type = 'application/x-www-form-urlencoded'
    return JSON.parse(
      (await this.client.make({ method: 'POST', path, body, type, done: [200] })).text,
    ) as Json
  }

  private made(method: string, path: string, done: readonly number[], body?: unknown): Promise<AdminAnswer> {
    return this.client.make({ method, path, done, ...(body === undefined ? {} : { body }) })
  }
}

function withSections(name: string, sections: Json): Json {
  const nothing = { repositories: null, actions: {} }
  return { name, repo: nothing, build: nothing, releaseBundle: nothing, ...sections }
}
