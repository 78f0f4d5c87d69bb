import { afterEach, beforeEach, expect, it } from 'vitest'
import type { FaultyRegistry } from './testing/faulty-registry.js'
import { bytesOf, get, Workbench } from './testing/workbench.js'

const bench = new Workbench()
let registry: FaultyRegistry

beforeEach(async () => {
  registry = await bench.registry()
})
afterEach(() => bench.end())

const queries = () => registry.requests.map(({ query }) => query.replace(/^\?/, ''))

it('sends query parameters with every request to the registry, after those that the request has', async () => {
  registry.addImage('a', 'b')
  const client = bench.client(registry, { queryParams: 'sig=a%2Bb&sv=2024' })
  await bytesOf(client.request(get('/v2/a/manifests/b')))
  await bytesOf(client.request(get('/v2/a/tags/list?n=10')))
  expect(queries()).toEqual(['sig=a%2Bb&sv=2024', 'n=10&sig=a%2Bb&sv=2024'])
})

it('sends none twice that the link to a next page repeats', async () => {
  registry.addImage('a', 'b')
  const client = bench.client(registry, { queryParams: 'sig=x&n=5' })
  await bytesOf(client.request(get('/v2/a/tags/list?n=10&sig=x')))
  expect(queries()).toEqual(['n=10&sig=x'])
})

it('sends none where there are none', async () => {
  registry.addImage('a', 'b')
  for (const queryParams of ['', '&', '&&']) {
    await bytesOf(bench.client(registry, { queryParams }).request(get('/v2/a/manifests/b')))
  }
  expect(queries()).toEqual(['', '', ''])
})

it('shows none of them to where the registry redirects', async () => {
  const elsewhere = await bench.registry()
  elsewhere.serve('/blob', Buffer.from('bytes'))
  const blob = registry.addBlob('a', Buffer.from('bytes'))
  registry.misbehave({ kind: 'redirect', to: `${elsewhere.url}/blob` })
  const client = bench.client(registry, { queryParams: 'sig=secret' })
  expect((await bytesOf(client.request(get(`/v2/a/blobs/${blob.digest}`)))).toString()).toBe('bytes')
  expect(elsewhere.requests.map(({ query }) => query)).toEqual([''])
})
