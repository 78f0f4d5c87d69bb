import { array, assert, asyncProperty, constantFrom, tuple } from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FakeRepository, RegistryUnderTest } from './testing/index.js'

const registry = new RegistryUnderTest()

beforeAll(async () => {
  await registry.start()
  const local = new FakeRepository('docker-local')
  local.addTags('app', 'x')
  registry.directory.add(local)
})
afterAll(() => registry.stop())

const words = [
  'docker-local',
  'app',
  'manifests',
  'blobs',
  'uploads',
  'tags',
  'list',
  'referrers',
  '_catalog',
]
const oddities = [
  '..',
  '.',
  '',
  '%2f',
  '%00',
  '%',
  '%zz',
  '%c3%28',
  'A',
  '*',
  'a:b',
  'sha256:',
  `sha256:${'0'.repeat(64)}`,
]
const queries = [
  'n=-1',
  'last=%00',
  'mount=x',
  'digest=%',
  'from=..',
  'ns=%0d%0a',
  'tag=-',
  'artifactType=%ff',
  '&=&',
]

const path = tuple(
  constantFrom('/v2', '/artifactory/api/docker/docker-local/v2', '/artifactory/api/docker/../v2'),
  array(constantFrom(...words, ...oddities), { maxLength: 8 }),
  array(constantFrom(...queries), { maxLength: 3 }),
).map(([prefix, segments, parameters]) => `${[prefix, ...segments].join('/')}?${parameters.join('&')}`)

describe('any request', () => {
  it('gets an answer of the protocol and never a 5xx, whatever its path and query', async () => {
    await assert(
      asyncProperty(
        constantFrom('GET', 'HEAD', 'PUT', 'POST', 'PATCH', 'DELETE'),
        path,
        constantFrom('root', ''),
        async (method, path, as) => {
          const answer = await registry.ask(method, path, { as, body: method === 'PUT' ? 'x' : '' })
          expect(answer.status).toBeLessThan(500)
          expect(answer.headers['docker-distribution-api-version']).toBe('registry/2.0')
          if (answer.status >= 400 && method !== 'HEAD') expect(answer.code).toMatch(/^[A-Z_]+$/)
        },
      ),
      { numRuns: 400 },
    )
  })
})
