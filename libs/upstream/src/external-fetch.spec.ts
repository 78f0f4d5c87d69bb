import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { classifyAddress, type AddressClass } from './address-class.js'
import { systemNetwork, type Network } from './network.js'
import type { FaultyRegistry } from './testing/faulty-registry.js'
import { selfSignedCertificate } from './testing/self-signed-certificate.js'
import { bytesOf, failureOf, get, Workbench } from './testing/workbench.js'
import type { UpstreamClient } from './upstream-client.js'

const bench = new Workbench()
const bytes = Buffer.from('0123456789')
let registry: FaultyRegistry
let elsewhere: FaultyRegistry

beforeEach(async () => {
  registry = await bench.registry()
  registry.requireBasic('ann', 'canary')
  registry.addImage('a', 'b')
  elsewhere = await bench.registry()
  elsewhere.serve('/layer', bytes)
})
afterEach(() => bench.end())

const place = (home: AddressClass): Network => ({
  lookup: systemNetwork.lookup,
  classify: (address) => (address === '127.0.0.1' ? home : classifyAddress(address)),
})
const credentials = { username: 'ann', password: 'canary', queryParams: 'key=canary' }

/** A client whose upstream has answered, so that it is known where that is. */
async function clientOf(over = place('private'), more = {}): Promise<UpstreamClient> {
  const client = bench.client(registry, { ...credentials, ...more }, { network: over })
  await bytesOf(client.request(get('/v2/a/manifests/b')))
  return client
}

describe('what lies elsewhere', () => {
  it.each([false, true])('is fetched without credentials, allowAnyHostAuth %s', async (allowAnyHostAuth) => {
    const client = await clientOf(place('private'), { allowAnyHostAuth })
    const url = `${elsewhere.url.replace('//', '//eve:canary@')}/layer?sig=1`
    const found = await client.external({ url })
    expect([found.status, found.host]).toEqual([200, elsewhere.host])
    expect(await bytesOf(Promise.resolve(found))).toEqual(bytes)
    expect(elsewhere.requests).toMatchObject([{ method: 'GET', path: '/layer', query: 'sig=1' }])
    expect(JSON.stringify(elsewhere.requests)).not.toContain('canary')
    expect(elsewhere.requests[0]?.headers['authorization']).toBeUndefined()
    expect(client.state()).toMatchObject({ active: 0, record: { lastFailures: [] } })
  })

  it('is fetched in part, and where it has been moved to', async () => {
    const client = await clientOf()
    elsewhere.misbehave({ kind: 'redirect', to: '/layer' }, { path: '/old' })
    const part = await client.external({ url: `${elsewhere.url}/old`, range: { start: 7 } })
    expect([part.status, part.headers.contentRange]).toEqual([206, { start: 7, end: 9, size: 10 }])
    expect((await bytesOf(Promise.resolve(part))).toString()).toBe('789')
  })

  it.each([
    ['that answers 404', '/none', 'answered 404'],
    ['that asks for a login', '/v2/', 'answered 401'],
  ])('%s is a failure that says nothing of the upstream', async (_, path, told) => {
    elsewhere.requireBasic('eve', 'x')
    const client = await clientOf(place('private'), { assumedOfflineMilliseconds: 30_000 })
    const url = `${elsewhere.url}${path}`
    if (path === '/none') elsewhere.requireNothing()
    const message = await failureOf(client.external({ url }), { code: 'UPSTREAM_FAILED' })
    expect(message).toContain(
      `${elsewhere.host}, where upstream ${registry.host} says that content is, ${told}`,
    )
    expect(client.state()).toMatchObject({ circuit: 'closed', active: 0 })
  })

  it('is reached from where the upstream is, though that was not asked for anything yet', async () => {
    const first = bench.client(registry, {}, { network: place('private') })
    const url = `${elsewhere.url}/layer`
    expect(await bytesOf(first.external({ url }))).toEqual(bytes)
    await first.external({ url })
    expect(registry.count('GET', '/v2/')).toBe(1)
    const down = bench.client('http://127.0.0.1:1', {}, { network: place('public') })
    expect(await bytesOf(down.external({ url }))).toEqual(bytes)
    expect(down.state().record.lastFailures).toMatchObject([{ path: '/v2/' }])
    const inside = bench.client('http://127.0.0.1:1', {}, { network: place('private') })
    await failureOf(inside.external({ url }), { code: 'UPSTREAM_FAILED' })
  })

  it('may not lead into the network of this server, nor on to it', async () => {
    const client = await clientOf(place('public'))
    for (const url of [
      'http://127.0.0.2/layer',
      'http://10.1.1.1/layer',
      'http://169.254.169.254/latest/meta-data',
    ]) {
      expect(await failureOf(client.external({ url }), { code: 'UPSTREAM_FAILED' })).toContain(
        "inside this server's network",
      )
      elsewhere.misbehave({ kind: 'redirect', to: url }, { times: 1 })
      await failureOf(client.external({ url: `${elsewhere.url}/layer` }), { code: 'UPSTREAM_FAILED' })
    }
    elsewhere.misbehave({ kind: 'redirect', to: '/layer' })
    const round = await failureOf(client.external({ url: `${elsewhere.url}/layer` }), {
      code: 'UPSTREAM_FAILED',
    })
    expect(round).toContain('redirects more than 5 times')
  })

  it.each(['ftp://files.example/layer', 'layer', 'file:///etc/passwd', ''])(
    'is nothing that %j leads to',
    async (url) => {
      const message = await failureOf((await clientOf()).external({ url }), { code: 'UPSTREAM_FAILED' })
      expect(message).toContain('no http(s) address')
    },
  )

  it('is not asked over http by an upstream that is asked over https', async () => {
    const certificate = selfSignedCertificate()
    const secure = await bench.registry({ tls: certificate })
    const client = bench.client(secure, { trustedCertificates: certificate.cert })
    const message = await failureOf(client.external({ url: `${elsewhere.url}/layer` }), {
      code: 'UPSTREAM_FAILED',
    })
    expect(message).toContain('over plain http')
    expect(elsewhere.requests).toEqual([])
  })

  it('has the time limits of the upstream, and ends with its reader', async () => {
    const client = await clientOf(place('private'), { timeLimitMilliseconds: 1500 })
    elsewhere.misbehave({ kind: 'hang' }, { times: 1 })
    await failureOf(client.external({ url: `${elsewhere.url}/layer` }), { code: 'UPSTREAM_TIMEOUT' })
    const reason = new Error('left')
    await expect(
      client.external({ url: `${elsewhere.url}/layer`, signal: AbortSignal.abort(reason) }),
    ).rejects.toBe(reason)
    expect(client.state().active).toBe(0)
  })
})
