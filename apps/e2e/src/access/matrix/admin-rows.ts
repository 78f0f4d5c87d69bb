import { json, type Answer } from '../../support/registry-client.js'
import { keys } from './grants.js'
import * as further from './further-rows.js'
import { itemRows } from './item-rows.js'

/**
 * Who a route of the admin API is for. `user`: whose credentials stand for all that they may do, unlike a token for some
 * content, `optional`: as that, but without a login there is still the refresh token.
 */
export type Access = 'public' | 'optional' | 'login' | 'user' | 'administrator'

/** How far somebody's credentials go, and what they may see by permission targets. */
export interface AdminCaller {
  readonly level: 'none' | 'limited' | 'user' | 'administrator'
  /** Something in the local repository. */
  readonly reads: boolean
  /** The permission target `admin-manage`. */
  readonly manages: boolean
}

export type ThingKind = 'repository' | 'user' | 'group' | 'permission' | 'token' | 'directory' | 'provider'

/** One request, and what has to come of it for those whom the route lets in. */
export interface AdminRow {
  /** `GET /artifactory/api/repositories/:key`, as its controller has it. */
  readonly route: string
  readonly access: Access
  /** What the parameter of the path names. */
  readonly thing?: ThingKind
  readonly body?: object | ((name: string) => object)
  /** Of an administrator's request: for something that is not there, where there is a thing. */
  readonly administrator: number
  /** For users: of something that they may not know of, there or not. */
  readonly hidden?: number
  /** Who else than administrators may know of the thing, and what they are answered. */
  readonly open?: { readonly to: 'readers' | 'managers'; readonly status: number }
  readonly check?: (answer: Answer, caller: AdminCaller) => void
}

export const existing: Readonly<Record<Exclude<ThingKind, 'token'>, string>> = {
  repository: keys.local,
  user: 'stranger',
  group: 'team',
  permission: 'admin-manage',
  directory: 'company',
  provider: 'ci',
}

/** What the manageable permission target says: who may manage it may say it again. */
const grants = { 'only-manage': ['manage'], keeper: ['manage'] }
const groupGrants = { keepers: ['manage'] }
export const managed = {
  repositories: [keys.local],
  includes: ['admin/**'],
  users: grants,
  groups: groupGrants,
}
const patterns = { include_patterns: managed.includes, exclude_patterns: [] }
const upper = (given: object) =>
  JSON.parse(JSON.stringify(given).replaceAll('"manage"', '"MANAGE"')) as object
const short = (given: object) => JSON.parse(JSON.stringify(given).replaceAll('"manage"', '"m"')) as object
const asV1 = {
  repositories: managed.repositories,
  includesPattern: 'admin/**',
  excludesPattern: '',
  principals: { users: short(grants), groups: short(groupGrants) },
}
const asV2 = {
  repo: {
    repositories: managed.repositories,
    'include-patterns': managed.includes,
    'exclude-patterns': [],
    actions: { users: grants, groups: groupGrants },
  },
}
const asSection = {
  actions: { users: upper(grants), groups: upper(groupGrants) },
  targets: { [keys.local]: patterns },
}

const toReaders = { to: 'readers', status: 200 } as const
const toManagers = { to: 'managers', status: 200 } as const

const newToken = { scope: 'applied-permissions/user', expires_in: 60 }

const loginRows: readonly AdminRow[] = [
  ...itemRows,
  ...further.systemRows,
  { route: 'GET /artifactory/api/system/ping', access: 'login', administrator: 200, hidden: 200 },
  { route: 'GET /artifactory/api/system/version', access: 'login', administrator: 200, hidden: 200 },
  { route: 'GET /artifactory/api/system/service_id', access: 'login', administrator: 200, hidden: 200 },
  {
    route: 'POST /artifactory/api/system/usage',
    access: 'login',
    body: { productId: 'x' },
    administrator: 200,
    hidden: 200,
  },
  {
    route: 'GET /artifactory/api/repositories',
    access: 'login',
    administrator: 200,
    hidden: 200,
    check: (answer, { reads }) => expectListed(answer, 'key', keys.local, reads),
  },
  {
    route: 'GET /artifactory/api/repositories/:key',
    access: 'login',
    thing: 'repository',
    administrator: 400,
    hidden: 400,
    open: toReaders,
  },
  {
    route: 'GET /artifactory/api/storage/:repository',
    access: 'login',
    thing: 'repository',
    administrator: 404,
    open: toReaders,
  },
  {
    route: 'POST /artifactory/api/docker/:repository/v2/promote',
    access: 'login',
    body: { targetRepo: keys.local, dockerRepository: 'none' },
    administrator: 404,
  },
  // Whose pull is explained, and who may do what with a tag: resolution.e2e.ts.
  { route: 'GET /artifactory/api/entrepot/explain', access: 'login', administrator: 400, hidden: 400 },
  {
    route: 'POST /artifactory/api/entrepot/invalidate',
    access: 'login',
    body: {},
    administrator: 400,
    hidden: 400,
  },
  // Who manages which remote, and what they are told: upstream.e2e.ts.
  { route: 'GET /artifactory/api/entrepot/upstream', access: 'login', administrator: 200, hidden: 200 },
  { route: 'GET /artifactory/api/entrepot/upstream/:repository', access: 'login', administrator: 404 },
  { route: 'POST /artifactory/api/entrepot/upstream/:repository/probe', access: 'login', administrator: 404 },
  {
    route: 'GET /artifactory/api/entrepot/tags/:repository/*path/history',
    access: 'login',
    administrator: 404,
  },
  {
    route: 'POST /artifactory/api/entrepot/tags/:repository/*path/undo',
    access: 'login',
    body: {},
    administrator: 404,
  },
  ...further.transferRows,
  ...further.unknownRows,
]

const listsPermissions = (answer: Answer, { manages }: AdminCaller) =>
  expectListed(answer, 'name', existing.permission, manages)

const userRows: readonly AdminRow[] = [
  {
    route: 'POST /access/api/v1/tokens',
    access: 'optional',
    body: newToken,
    administrator: 200,
    hidden: 200,
  },
  {
    route: 'POST /artifactory/api/security/token',
    access: 'optional',
    body: newToken,
    administrator: 200,
    hidden: 200,
  },
  { route: 'GET /access/api/v1/tokens', access: 'user', administrator: 200, hidden: 200 },
  { route: 'GET /access/api/v1/tokens/:id', access: 'user', thing: 'token', administrator: 404 },
  { route: 'DELETE /access/api/v1/tokens/:id', access: 'user', thing: 'token', administrator: 404 },
  ...['POST', 'DELETE'].map((method): AdminRow => ({
    route: `${method} /access/api/v1/tokens/revoke`,
    access: 'user',
    thing: 'token',
    body: (id) => ({ token_id: id }),
    administrator: 404,
  })),
  { route: 'GET /artifactory/api/security/token', access: 'user', administrator: 200, hidden: 200 },
  {
    route: 'POST /artifactory/api/security/token/revoke',
    access: 'user',
    thing: 'token',
    body: (id) => ({ token_id: id }),
    administrator: 404,
  },
  { route: 'GET /artifactory/api/security/users/:name', access: 'user', thing: 'user', administrator: 404 },
  {
    route: 'POST /artifactory/api/security/users/:name',
    access: 'user',
    thing: 'user',
    body: { email: 'x@example.org' },
    administrator: 404,
  },
  {
    route: 'POST /artifactory/api/security/users/authorization/changePassword',
    access: 'user',
    thing: 'user',
    body: (userName) => ({
      userName,
      oldPassword: 'a guess: 12',
      newPassword1: 'quay 7: a',
      newPassword2: 'quay 7: a',
    }),
    administrator: 403,
    hidden: 403,
  },
  { route: 'GET /access/api/v2/users/:name', access: 'user', thing: 'user', administrator: 404 },
  {
    route: 'PATCH /access/api/v2/users/:name',
    access: 'user',
    thing: 'user',
    body: { email: 'x@example.org' },
    administrator: 404,
  },
  {
    route: 'PUT /access/api/v2/users/:name/password',
    access: 'user',
    thing: 'user',
    body: { password: 'quay 7: ab', old_password: 'a guess: 12' },
    administrator: 404,
  },
  {
    route: 'POST /access/api/v2/users/:name/password',
    access: 'user',
    thing: 'user',
    body: { password: 'quay 7: ab', old_password: 'a guess: 12' },
    administrator: 404,
  },
  ...[
    '/artifactory/api/security/permissions',
    '/artifactory/api/v2/security/permissions',
    '/access/api/v2/permissions',
  ].flatMap((base): readonly AdminRow[] => [
    { route: `GET ${base}`, access: 'user', administrator: 200, hidden: 200, check: listsPermissions },
    { route: `GET ${base}/:name`, access: 'user', thing: 'permission', administrator: 404, open: toManagers },
  ]),
  {
    route: 'GET /access/api/v2/permissions/:name/:type',
    access: 'user',
    thing: 'permission',
    administrator: 404,
    open: toManagers,
  },
  {
    route: 'PUT /artifactory/api/security/permissions/:name',
    access: 'user',
    thing: 'permission',
    body: asV1,
    administrator: 201,
    hidden: 403,
    open: toManagers,
  },
  {
    route: 'PUT /artifactory/api/v2/security/permissions/:name',
    access: 'user',
    thing: 'permission',
    body: asV2,
    administrator: 200,
    hidden: 403,
    open: toManagers,
  },
  {
    route: 'PUT /access/api/v2/permissions/:name/:type',
    access: 'user',
    thing: 'permission',
    body: asSection,
    administrator: 404,
    hidden: 403,
    open: toManagers,
  },
]

/** Only administrators get beyond the guard: what they are told of something that is not there, or of an empty body. */
const administratorRows: readonly AdminRow[] = (
  [
    ['GET /artifactory/api/repositories/configurations', undefined, 200],
    ['GET /artifactory/api/storageinfo', undefined, 200],
    ['POST /artifactory/api/storageinfo/calculate', undefined, 202],
    ['PUT /artifactory/api/v2/repositories/batch', undefined, 400],
    ['POST /artifactory/api/v2/repositories/batch', undefined, 400],
    ['PUT /artifactory/api/repositories/:key', 'repository', 400],
    ['POST /artifactory/api/repositories/:key', 'repository', 400],
    ['DELETE /artifactory/api/repositories/:key', 'repository', 400],
    ['GET /artifactory/api/security/users', undefined, 200],
    ['PUT /artifactory/api/security/users/:name', 'user', 400],
    ['DELETE /artifactory/api/security/users/:name', 'user', 404],
    ['GET /access/api/v2/users', undefined, 200],
    ['POST /access/api/v2/users', undefined, 400],
    ['DELETE /access/api/v2/users/:name', 'user', 404],
    ['PATCH /access/api/v2/users/:name/groups', 'user', 404],
    ['GET /artifactory/api/security/groups', undefined, 200],
    ['GET /artifactory/api/security/groups/:name', 'group', 404],
    ['PUT /artifactory/api/security/groups/:name', 'group', 201],
    ['POST /artifactory/api/security/groups/:name', 'group', 404],
    ['DELETE /artifactory/api/security/groups/:name', 'group', 404],
    ['GET /access/api/v2/groups', undefined, 200],
    ['POST /access/api/v2/groups', undefined, 400],
    ['GET /access/api/v2/groups/:name', 'group', 404],
    ['PATCH /access/api/v2/groups/:name', 'group', 404],
    ['DELETE /access/api/v2/groups/:name', 'group', 404],
    ['PATCH /access/api/v2/groups/:name/members', 'group', 404],
    ['DELETE /artifactory/api/security/permissions/:name', 'permission', 404],
    ['POST /artifactory/api/v2/security/permissions/:name', 'permission', 201],
    ['DELETE /artifactory/api/v2/security/permissions/:name', 'permission', 404],
    ['POST /access/api/v2/permissions', undefined, 400],
    ['DELETE /access/api/v2/permissions/:name', 'permission', 404],
    ['DELETE /access/api/v2/permissions/:name/:type', 'permission', 404],
    ['GET /artifactory/api/entrepot/anonymous', undefined, 200],
    ['PUT /artifactory/api/entrepot/anonymous', undefined, 400],
    ['GET /artifactory/api/securityconfig', undefined, 200],
    ['GET /artifactory/api/system/configuration', undefined, 200],
    ['PATCH /artifactory/api/system/configuration', undefined, 415],
    ['GET /artifactory/api/entrepot/audit', undefined, 200],
    ['GET /access/api/v1/config/security/password_policy', undefined, 200],
    ['PUT /access/api/v1/config/security/password_policy', undefined, 400],
    ['PATCH /access/api/v1/config/security/password_policy', undefined, 400],
    ['GET /artifactory/api/security/userLockPolicy', undefined, 200],
    ['PUT /artifactory/api/security/userLockPolicy', undefined, 200],
    ['GET /artifactory/api/security/lockedUsers', undefined, 200],
    ['POST /artifactory/api/security/unlockUsers', undefined, 400],
    ['POST /artifactory/api/security/unlockUsers/:name', 'user', 200],
    ['POST /artifactory/api/security/unlockAllUsers', undefined, 200],
    ['POST /access/api/v1/jwks/rotate', undefined, 200],
    ['GET /access/api/v1/ldap/settings', undefined, 200],
    ['GET /access/api/v1/ldap/settings/:key', 'directory', 404],
    ['POST /access/api/v1/ldap/settings', undefined, 400],
    ['PUT /access/api/v1/ldap/settings', undefined, 400],
    ['PUT /access/api/v1/ldap/settings/:key', 'directory', 404],
    ['DELETE /access/api/v1/ldap/settings/:key', 'directory', 404],
    ['POST /access/api/v1/ldap/settings/test', undefined, 400],
    ['POST /access/api/v1/ldap/settings/order', undefined, 400],
    ['POST /access/api/v1/ldap/settings/:key/test', 'directory', 404],
    ['GET /access/api/v1/ldap/groups', undefined, 200],
    ['GET /access/api/v1/ldap/groups/:name', 'group', 404],
    ['POST /access/api/v1/ldap/groups', undefined, 400],
    ['PUT /access/api/v1/ldap/groups', undefined, 400],
    ['PUT /access/api/v1/ldap/groups/:name', 'group', 404],
    ['DELETE /access/api/v1/ldap/groups/:name', 'group', 404],
    ['POST /access/api/v1/ldap/groups/:name/refresh', 'group', 404],
    ['POST /access/api/v1/ldap/groups/:name/refresh/:mode', 'group', 404],
    ['POST /artifactory/api/security/users/import/htpasswd', undefined, 415],
    ['GET /access/api/v1/oidc', undefined, 200],
    ['POST /access/api/v1/oidc', undefined, 400],
    ['GET /access/api/v1/oidc/:name', 'provider', 404],
    ['PUT /access/api/v1/oidc/:name', 'provider', 404],
    ['DELETE /access/api/v1/oidc/:name', 'provider', 404],
    ['GET /access/api/v1/oidc/:name/identity_mappings', 'provider', 404],
    ['POST /access/api/v1/oidc/:name/identity_mappings', 'provider', 400],
    ['GET /access/api/v1/oidc/:name/identity_mappings/:mapping', 'provider', 404],
    ['PUT /access/api/v1/oidc/:name/identity_mappings/:mapping', 'provider', 404],
    ['DELETE /access/api/v1/oidc/:name/identity_mappings/:mapping', 'provider', 404],
  ] as const
).map(([route, thing, administrator]) => ({
  route,
  access: 'administrator',
  administrator,
  ...(thing === undefined ? {} : { thing }),
}))

export const adminRows: readonly AdminRow[] = [
  ...further.publicRows,
  ...further.probeRows,
  ...loginRows,
  ...userRows,
  ...further.buildRows,
  ...further.configurationRows,
  ...administratorRows,
]

/** What has to come of a request. */
export function adminStatus(row: AdminRow, caller: AdminCaller, isThere: boolean): number {
  const { access, administrator, hidden = 404, open } = row
  if (access === 'public') return administrator
  if (caller.level === 'none') return 401
  const isLetIn =
    access === 'login' ||
    caller.level === 'administrator' ||
    (caller.level === 'user' && access !== 'administrator')
  if (!isLetIn) return 403
  const isOpen = open !== undefined && (open.to === 'readers' ? caller.reads : caller.manages)
  if (isThere && isOpen) return open.status
  return caller.level === 'administrator' ? administrator : hidden
}

function expectListed(answer: Answer, field: string, name: string, isExpected: boolean): void {
  const body = json(answer) as { permissions?: unknown } | unknown[]
  const items = (Array.isArray(body) ? body : body.permissions) as Readonly<Record<string, unknown>>[]
  const names = items.map((item) => item[field])
  if (names.includes(name) !== isExpected) throw new Error(`lists ${names.join(', ')}`)
}
