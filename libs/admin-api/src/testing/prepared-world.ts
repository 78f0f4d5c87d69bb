import {
  exampleCookie,
  exampleDigest,
  exampleIdToken,
  exampleLoginCode,
  exampleLoginState,
  examplePassword,
  exampleRefreshToken,
  exampleTokenId,
} from '../openapi/example-values.js'
import { adminPassword, type AdminApiApp } from './admin-api-app.js'
import { type Issuer, jobAudience } from './issuer.js'

/** As clients reach the server in the examples. */
export const worldUrl = 'https://registry.example'

const docker = { packageType: 'docker' }

/** By what stands in the examples. */
export type ActualValues = ReadonlyMap<string, () => string | Promise<string>>

/**
 * The state that the examples of the documentation are sent to: repositories `docker-local`, `docker-remote` and `docker`,
 * which has both; the image `team/app` with the tags `1.0`, which has moved once, and `1.1`; the build `team/app` number `7`;
 * the user `alice` of the group `readers`, with a token; the permission target `team`; the LDAP setting `company`, which nobody
 * answers for, with the group setting `staff`; the OpenID provider `ci` with the mapping `main`.
 * @returns the values of what is made at random
 */
export async function prepareWorld(app: AdminApiApp, issuer: Issuer): Promise<ActualValues> {
  await app.put('docker-local', { ...docker, rclass: 'local', description: 'Images of our own' })
  await app.put('docker-remote', { ...docker, rclass: 'remote', url: 'http://127.0.0.1:1' })
  await app.put('docker', {
    ...docker,
    rclass: 'virtual',
    repositories: ['docker-local', 'docker-remote'],
    defaultDeploymentRepo: 'docker-local',
  })
  const first = await app.workbench.pushImage('docker-local', 'team/app', '1.0')
  await app.workbench.pushImage('docker-local', 'team/app', '1.0')
  await app.workbench.pushImage('docker-local', 'team/app', '1.1')
  const build = { name: 'team/app', number: '7', started: '2026-11-20T12:00:00.000+0000' }
  await app.send('PUT', '/artifactory/api/build', build)
  await app.addGroup('readers', { description: 'Who may pull' })
  await app.addUser('alice', { email: 'alice@registry.example' })
  await app.send('PATCH', '/access/api/v2/groups/readers/members', { add: ['alice'] })
  await app.ports.permissions.targets.create({
    name: 'team',
    repositories: ['docker-local'],
    includes: ['team/**'],
    excludes: [],
    users: { alice: ['read', 'deploy'] },
    groups: { readers: ['read'] },
  })
  await prepareLogins(app, issuer)
  const created = await app.send('POST', '/access/api/v1/tokens', { username: 'alice', refreshable: true })
  const token = created.json as { token_id: string; refresh_token: string }
  const login = once(() => logIn(app, issuer))
  return new Map<string, () => string | Promise<string>>([
    [exampleDigest, () => first.digest],
    [exampleTokenId, () => token.token_id],
    [exampleRefreshToken, () => token.refresh_token],
    [examplePassword, () => adminPassword],
    [exampleIdToken, () => issuer.sign({ repository: 'team/app' })],
    [exampleLoginCode, async () => (await login()).code],
    [exampleLoginState, async () => (await login()).state],
    [exampleCookie, async () => (await login()).cookie],
  ])
}

async function prepareLogins(app: AdminApiApp, issuer: Issuer): Promise<void> {
  const search = { search_filter: '(uid={0})', search_base: 'ou=people' }
  const url = 'ldap://127.0.0.1:1/dc=registry,dc=example'
  await created(app, '/access/api/v1/ldap/settings', { key: 'company', ldap_url: url, search })
  await created(app, '/access/api/v1/ldap/groups', { name: 'staff', enabled_ldap: 'company' })
  await created(app, '/access/api/v1/oidc', {
    name: 'ci',
    issuer_url: issuer.url,
    audience: jobAudience,
    client_id: 'entrepot',
    client_secret: 'client-secret-canary',
    matches_accounts: true,
  })
  await created(app, '/access/api/v1/oidc/ci/identity_mappings', {
    name: 'main',
    claims: { repository: 'team/*' },
    token_spec: { username: 'alice', scope: 'applied-permissions/user' },
  })
}

async function created(app: AdminApiApp, path: string, body: object): Promise<void> {
  const answer = await app.send('POST', path, body)
  if (answer.status !== 201) throw new Error(`${path}: ${answer.text}`)
}

/** As a browser that comes back from the provider. */
async function logIn(app: AdminApiApp, issuer: Issuer) {
  const begun = await app.send('GET', '/access/api/v1/oidc/login/ci')
  const cookie = begun.headers.getSetCookie()[0]?.split(';')[0] ?? ''
  return { ...issuer.logIn(begun.headers.get('location') ?? ''), cookie }
}

function once<T>(work: () => Promise<T>): () => Promise<T> {
  let done: Promise<T> | undefined
  return () => (done ??= work())
}
