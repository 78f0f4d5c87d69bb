import type { LookupFunction } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { classifyAddress, type AddressClass } from './address-class.js'
import type { Network } from './network.js'
import type { FaultyRegistry } from './testing/faulty-registry.js'
import { bytesOf, failureOf, get, Workbench } from './testing/workbench.js'

const bench = new Workbench()
const path = '/v2/a/manifests/b'
let registry: FaultyRegistry
let inside: FaultyRegistry

/**
 * A network in which 127.0.0.1 counts as a place of the given class, and names resolve as told. Each use of a name takes
 * its next address and stays at the last.
 */
function network(home: AddressClass, names: Readonly<Record<string, readonly string[]>> = {}): Network {
  const uses = new Map<string, number>()
  const lookup: LookupFunction = (hostname, options, callback) => {
    const addresses = names[hostname] ?? []
    const use = uses.get(hostname) ?? 0
    uses.set(hostname, use + 1)
    const found = (addresses[Math.min(use, addresses.length - 1)] ?? '').split(' ')
    const entries = found.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
    if (options.all === true) callback(null, entries)
    else callback(null, entries[0]?.address ?? '', entries[0]?.family)
  }
  return { lookup, classify: (address) => (address === '127.0.0.1' ? home : classifyAddress(address)) }
}

beforeEach(async () => {
  registry = await bench.registry()
  inside = await bench.registry()
  inside.serve('/secret', Buffer.from('secret'))
})
afterEach(() => bench.end())

async function refusal(to: string, over: Network, at: string = registry.url): Promise<string> {
  registry.misbehave({ kind: 'redirect', to }, { times: 1 })
  const client = bench.client(at, { assumedOfflineMilliseconds: 30_000 }, { network: over })
  const message = await failureOf(client.request(get(path)), { code: 'UPSTREAM_FAILED' })
  expect(client.state().circuit).toBe('closed')
  await client.close()
  return message
}

describe('an upstream on the internet', () => {
  it.each([
    'http://127.0.0.2/secret',
    'http://2130706434/secret',
    'http://0x7f.2/secret',
    'http://0177.0.0.2/secret',
    'http://127.2/secret',
    'http://[::ffff:127.0.0.2]/secret',
    'http://[::1]/secret',
    'http://0.0.0.0/secret',
    'http://10.1.1.1/secret',
    'http://169.254.169.254/latest/meta-data',
    'http://[fd00:ec2::254]/latest/meta-data',
    'http://[::ffff:a9fe:a9fe]/latest/meta-data',
  ])('may not redirect to %s', async (target) => {
    const message = await refusal(target, network('public'))
    expect(message).toContain("inside this server's network")
    expect(message).toContain(new URL(target).host)
  })

  it('may not redirect to a name that resolves to the inside', async () => {
    const port = new URL(inside.url).port
    const message = await refusal(
      `http://evil.example:${port}/secret`,
      network('public', { 'evil.example': ['127.0.0.3'] }),
    )
    expect(message).toContain(`evil.example:${port}`)
    expect(message).not.toContain('127.0.0.3')
    expect(inside.requests).toEqual([])
  })

  it('may not redirect to a name of which one address is inside', async () => {
    await refusal('http://evil.example/secret', network('public', { 'evil.example': ['127.0.0.1 10.0.0.1'] }))
  })

  it('may not name a realm that is inside', async () => {
    registry.requireToken({ realm: 'http://10.1.1.1/token' })
    const client = bench.client(registry, {}, { network: network('public') })
    const message = await failureOf(client.request(get(path)), { code: 'UPSTREAM_FAILED' })
    expect(message).toContain('token endpoint 10.1.1.1')
  })

  it('may redirect to a public address', async () => {
    const port = new URL(inside.url).port
    registry.misbehave({ kind: 'redirect', to: `http://cdn.example:${port}/secret` })
    const over = network('public', { 'cdn.example': ['127.0.0.1'] })
    expect((await bytesOf(bench.client(registry, {}, { network: over }).request(get(path)))).toString()).toBe(
      'secret',
    )
  })

  it('opens nothing when its name later resolves to the inside', async () => {
    const rebinding = { 'registry.example': ['127.0.0.1', '10.0.0.9'] }
    const { port } = new URL(registry.url)
    registry.misbehave({ kind: 'redirect', to: `http://registry.example:1/secret` })
    const client = bench.client(
      `http://registry.example:${port}`,
      {},
      { network: network('public', rebinding) },
    )
    await failureOf(client.request(get(path)), { code: 'UPSTREAM_FAILED' })
  })
})

describe('an upstream in the house', () => {
  it('may redirect within the house', async () => {
    registry.misbehave({ kind: 'redirect', to: `${inside.url}/secret` })
    const client = bench.client(registry, {}, { network: network('private') })
    expect((await bytesOf(client.request(get(path)))).toString()).toBe('secret')
  })

  it('may not redirect to this machine, nor to a metadata service', async () => {
    await refusal('http://127.0.0.2/secret', network('private'))
    await refusal('http://[::1]/secret', network('private'))
    await refusal('http://169.254.169.254/latest/meta-data', network('private'))
  })
})

describe('an upstream on this machine', () => {
  it('may redirect to this machine and its names, not to a metadata service', async () => {
    registry.misbehave(
      { kind: 'redirect', to: `${inside.url.replace('127.0.0.1', 'localhost')}/secret` },
      { times: 1 },
    )
    expect((await bytesOf(bench.client(registry).request(get(path)))).toString()).toBe('secret')
    await refusal('http://169.254.169.254/latest/meta-data', network('loopback'))
  })
})
