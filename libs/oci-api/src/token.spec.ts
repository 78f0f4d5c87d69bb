import { RegistryError } from '@entrepot/kernel'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Answer, basic, FakeRepository, RegistryUnderTest } from './testing/index.js'

let registry: RegistryUnderTest

beforeEach(async () => {
  registry = await new RegistryUnderTest().start()
  registry.directory.add(new FakeRepository('docker-local'))
  registry.directory.add(new FakeRepository('docker-hub', { kind: 'remote' }), 'docker.io')
})
afterEach(() => registry.stop())

function post(form: Record<string, string>, as = ''): Promise<Answer> {
  const body = new URLSearchParams(form).toString()
  const headers = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' }
  return registry.ask('POST', '/v2/token', { as, headers, body })
}

/** What a POST is granted, in the words of its answer. */
async function granted(scope: string, user = 'root'): Promise<unknown> {
  const answer = await post({ grant_type: 'password', username: user, password: `${user}:secret`, scope })
  return answer.json()['scope']
}

describe('GET token', () => {
  it('answers both names of the token, its life and its birth (47, 58)', async () => {
    const answer = await registry.ask('GET', '/v2/token?service=entrepot&account=root&offline_token=true')
    expect(answer.json()).toEqual({
      token: 'token-1',
      access_token: 'token-1',
      expires_in: 300,
      issued_at: '2026-01-02T03:04:05.000Z',
    })
    expect(answer.headers['cache-control']).toBe('no-store')
    expect(answer.headers['content-type']).toBe('application/json')
  })

  it('takes several scopes, in repeated parameters and in one with blanks (48)', async () => {
    const query =
      'scope=repository:docker-local/a:pull+repository:docker-local/b:pull&scope=repository%3Adocker-local%2Fc%3Apush'
    const { token } = (await registry.ask('GET', `/v2/token?${query}`)).json()
    const { scopes } = await registry.identity.verify(String(token))
    expect(scopes).toEqual([
      { type: 'repository', name: 'docker-local/a', actions: ['pull'] },
      { type: 'repository', name: 'docker-local/b', actions: ['pull'] },
      { type: 'repository', name: 'docker-local/c', actions: ['push'] },
    ])
  })

  it('is refused with a wrong password, never answered with an anonymous token (56)', async () => {
    registry.policy.grants.push({ principal: 'anonymous', repository: 'docker-local', actions: ['read'] })
    const answer = await registry.ask('GET', '/v2/token', { as: basic('root', 'wrong') })
    expect([answer.status, answer.code]).toEqual([401, 'UNAUTHORIZED'])
    expect(answer.headers['www-authenticate']).not.toContain('Bearer')
  })

  it('is refused to nobody while nothing is open to nobody (55)', async () => {
    const answer = await registry.ask('GET', '/v2/token?scope=repository:docker-local/a:pull', { as: '' })
    expect([answer.status, answer.code]).toEqual([401, 'UNAUTHORIZED'])
  })

  it('gives nobody what nobody may do, once something is open (55)', async () => {
    registry.policy.grants.push({ principal: 'anonymous', repository: 'docker-local', actions: ['read'] })
    const query = 'scope=repository:docker-local/a:pull,push'
    const { token } = (await registry.ask('GET', `/v2/token?${query}`, { as: '' })).json()
    const { principal, scopes } = await registry.identity.verify(String(token))
    expect(principal.kind).toBe('anonymous')
    expect(scopes).toEqual([{ type: 'repository', name: 'docker-local/a', actions: ['pull'] }])
    const as = `Bearer ${String(token)}`
    expect((await registry.ask('GET', '/v2/', { as })).status).toBe(200)
    expect((await registry.ask('GET', '/v2/docker-local/a/manifests/x', { as })).status).toBe(404)
    expect((await registry.ask('GET', '/v2/docker-local/b/manifests/x', { as })).status).toBe(401)
  })

  it('is not given for another token', async () => {
    const as = await registry.bearer('root')
    expect((await registry.ask('GET', '/v2/token', { as })).status).toBe(401)
  })

  it('is given for an access token, and not for a wrong one', async () => {
    const answer = await registry.ask('GET', '/v2/token', { as: 'Bearer access:root' })
    expect(answer.status).toBe(200)
    const as = `Bearer ${String(answer.json()['token'])}`
    expect((await registry.ask('GET', '/v2/', { as })).status).toBe(200)
    expect((await registry.ask('GET', '/v2/token', { as: 'Bearer access:nobody' })).status).toBe(401)
  })

  it('passes on that there were too many failures (61)', async () => {
    registry.identity.failure = new RegistryError('TOO_MANY_REQUESTS', 'wait', { retryAfterSeconds: 7 })
    const answer = await registry.ask('GET', '/v2/token')
    expect([answer.status, answer.headers['retry-after']]).toEqual([429, '7'])
  })

  it('refuses more scopes than a token can hold, and broken parameters', async () => {
    const many = Array.from({ length: 101 }, (_, number) => `repository:docker-local/a${number}:pull`)
    expect((await registry.ask('GET', `/v2/token?scope=${many.join('+')}`)).status).toBe(400)
    expect((await registry.ask('GET', '/v2/token?scope=%zz')).status).toBe(400)
  })

  it('answers under the prefix too, where names have no key (25)', async () => {
    const path = '/artifactory/api/docker/docker-local/v2/token?scope=repository:app:pull'
    const { token } = (await registry.ask('GET', path)).json()
    const as = `Bearer ${String(token)}`
    const tags = await registry.ask('GET', '/artifactory/api/docker/docker-local/v2/app/tags/list', { as })
    expect([tags.status, tags.code]).toEqual([404, 'NAME_UNKNOWN'])
  })
})

describe('the granted scope', () => {
  it.each([
    ['repository:docker-local/a:push,pull', 'repository:docker-local/a:pull,push'],
    ['repository:docker-local/a:delete,pull', 'repository:docker-local/a:pull,delete'],
    ['repository:docker-local/a:pull,fly', 'repository:docker-local/a:pull'],
    ['repository:docker-local/a:*', 'repository:docker-local/a:pull,push,delete'],
    ['repository(plugin):docker-local/a:pull', 'repository:docker-local/a:pull'],
    [
      'repository:docker-local/a:pull repository:docker-local/a:pull,push',
      'repository:docker-local/a:pull,push',
    ],
    ['registry:catalog:*', 'registry:catalog:*'],
    ['registry:admin:*', 'registry:admin:*'],
    ['artifact:a:pull repository:BAD:pull nonsense', ''],
  ])('of %s is %j (49, 50, 51, 54, 64)', async (asked, expected) => {
    expect(await granted(asked)).toBe(expected)
  })

  it('is the intersection with what the user may do, and never an error (53)', async () => {
    registry.policy.grants.push({ principal: 'alice', repository: 'docker-local', actions: ['read'] })
    expect(await granted('repository:docker-local/a:pull,push', 'alice')).toBe(
      'repository:docker-local/a:pull',
    )
    expect(await granted('repository:docker-hub/a:pull', 'alice')).toBe('')
    expect(await granted('repository:nowhere/a:pull', 'alice')).toBe('')
    expect(await granted('registry:admin:*', 'alice')).toBe('')
  })

  it('never administers when it is got with an access token that has limits', async () => {
    expect(await granted('registry:admin:*', 'limited-root')).toBe('')
  })

  it('lets a name be pulled that only ?ns= can place, if any remote may be read', async () => {
    expect(await granted('repository:library/alpine:pull', 'alice')).toBe('')
    registry.policy.grants.push({ principal: 'alice', repository: 'docker-hub', actions: ['read'] })
    expect(await granted('repository:library/alpine:pull,push', 'alice')).toBe(
      'repository:library/alpine:pull',
    )
  })
})

describe('POST token', () => {
  const password = { grant_type: 'password', username: 'root', password: 'root:secret' }

  it('exchanges a password with colons for a token (59, 64, 65)', async () => {
    const answer = await post({ ...password, service: 'entrepot', client_id: 'containerd-client' })
    expect(answer.json()).toEqual({
      token: 'token-1',
      access_token: 'token-1',
      expires_in: 300,
      issued_at: '2026-01-02T03:04:05.000Z',
      scope: '',
    })
    expect(answer.headers['cache-control']).toBe('no-store')
  })

  it('gives a refresh token when one is asked for, which then works (57, 65, 69)', async () => {
    const offline = await post({ ...password, service: 'entrepot', access_type: 'offline' })
    const refreshToken = String(offline.json()['refresh_token'])
    expect(refreshToken).toBe('refresh:entrepot:root')
    const grant = { grant_type: 'refresh_token', refresh_token: refreshToken, service: 'entrepot' }
    const refreshed = await post({ ...grant, scope: 'repository:docker-local/a:pull' })
    expect([refreshed.status, refreshed.json()['scope']]).toEqual([200, 'repository:docker-local/a:pull'])
    expect(refreshed.json()['refresh_token']).toBeUndefined()
    const again = await post({ ...grant, access_type: 'offline' })
    expect(again.json()['refresh_token']).toBe(refreshToken)
  })

  it('refuses a wrong password, and a refresh token that is revoked or another service’s (67, 70)', async () => {
    const refresh = { grant_type: 'refresh_token', refresh_token: 'refresh:entrepot:root' }
    expect((await post({ ...password, password: 'x' })).status).toBe(401)
    expect((await post({ ...refresh, service: 'other' })).status).toBe(401)
    expect((await post(refresh)).status).toBe(200)
    registry.identity.revoked.add('refresh:entrepot:root')
    expect((await post(refresh)).status).toBe(401)
  })

  it('without a grant is nobody’s, or that of its header (66)', async () => {
    expect((await post({ client_id: 'regclient' })).status).toBe(401)
    expect((await post({ client_id: 'regclient' }, 'root')).status).toBe(200)
    registry.policy.grants.push({ principal: 'anonymous', repository: 'docker-local', actions: ['read'] })
    const answer = await post({ scope: 'repository:docker-local/a:pull', access_type: 'offline' })
    expect([answer.status, answer.json()['refresh_token']]).toEqual([200, undefined])
  })

  it.each([
    [{ grant_type: 'client_credentials' }],
    [{ grant_type: 'password', username: 'root' }],
    [{ grant_type: 'password', password: 'x' }],
    [{ grant_type: 'refresh_token' }],
    [{ grant_type: 'password', username: 'a\0b', password: 'x' }],
  ])('refuses the form %j with 400 (68)', async (form) => {
    expect((await post(form as unknown as Record<string, string>)).status).toBe(400)
  })

  it('refuses another content type and a form without end (71)', async () => {
    const json = await registry.ask('POST', '/v2/token', {
      body: '{}',
      headers: { 'content-type': 'application/json' },
    })
    expect(json.status).toBe(400)
    expect((await post({ ...password, scope: 'x'.repeat(70_000) })).status).toBe(400)
  })

  it('logs neither passwords nor tokens', async () => {
    await post({ ...password, access_type: 'offline' })
    const text = JSON.stringify(registry.logger.lines)
    for (const secret of ['root:secret', 'refresh:', 'token-1']) expect(text).not.toContain(secret)
    expect(text).toContain('"principal":"root"')
  })
})
