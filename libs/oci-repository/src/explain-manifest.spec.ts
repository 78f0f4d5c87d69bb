import { anonymous, digestOf, isRegistryError } from '@entrepot/kernel'
import { parseImageName, parseReference } from '@entrepot/oci-model'
import { localConfig, remoteConfig, virtualConfig } from '@entrepot/repositories/testing'
import { FaultyRegistry } from '@entrepot/upstream/testing'
import * as fc from 'fast-check'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type ExplainedManifest, type ExplainedOutcome, explainManifest } from './explain-manifest.js'
import type { RequestContext } from './request-context.js'
import { Workbench } from './testing/workbench.js'

const image = 'team/app'
const everyone = ['own', 'first', 'hub']

function explain(bench: Workbench, key: string, reference: string, context = bench.context()) {
  return explainManifest(bench.repository(key), parseImageName(image), parseReference(reference), context)
}

function decisionsOn({ candidates }: ExplainedManifest, key: string) {
  return candidates.find(({ repository }) => repository === key)?.decisions ?? []
}

/** What was told of one repository, as `rule effect`. */
function toldOf(told: ExplainedManifest, key: string): readonly string[] {
  return decisionsOn(told, key).map(({ rule, effect }) => `${rule} ${effect}`)
}

interface Situation {
  readonly stored: readonly string[]
  readonly closed: readonly string[]
  readonly hidden: readonly string[]
  readonly priority: readonly string[]
  readonly nestedHides: boolean
  readonly cache: 'nothing' | 'fresh' | 'stale' | 'missing' | 'missing before'
  readonly upstream: 'has it' | 'has it not' | 'is down' | 'was found down'
  readonly offline: boolean
  readonly reads: readonly string[]
  readonly fills: boolean
  readonly from: 'all' | 'own' | 'hub'
  readonly by: 'tag' | 'digest'
}

const some = fc.subarray(everyone)
const mostly = (value: readonly string[]) => fc.oneof({ weight: 2, arbitrary: fc.constant(value) }, some)

const situations: fc.Arbitrary<Situation> = fc.record({
  stored: fc.subarray(['own', 'first']),
  closed: mostly([]),
  hidden: mostly([]),
  priority: some,
  nestedHides: fc.boolean(),
  cache: fc.constantFrom('nothing', 'fresh', 'stale', 'missing', 'missing before'),
  upstream: fc.constantFrom('has it', 'has it not', 'is down', 'was found down'),
  offline: fc.boolean(),
  reads: mostly(everyone),
  fills: fc.boolean(),
  from: fc.constantFrom('all', 'all', 'own', 'hub'),
  by: fc.constantFrom('tag', 'tag', 'digest'),
})

const found: Situation = {
  stored: [],
  closed: [],
  hidden: [],
  priority: [],
  nestedHides: false,
  cache: 'nothing',
  upstream: 'has it',
  offline: false,
  reads: everyone,
  fills: true,
  from: 'all',
  by: 'tag',
}

/** One situation for every kind of outcome, so that no run of the property misses one. */
const oneOfEach: readonly (readonly [outcome: string, Situation])[] = [
  ['upstream', found],
  ['served', { ...found, stored: ['own'] }],
  ['MANIFEST_UNKNOWN', { ...found, cache: 'missing', upstream: 'has it not' }],
  ['DENIED', { ...found, fills: false }],
  ['UPSTREAM_UNAVAILABLE', { ...found, upstream: 'was found down' }],
]

describe('explainManifest', () => {
  let upstream: FaultyRegistry
  let bench: Workbench

  beforeAll(async () => {
    upstream = await FaultyRegistry.start()
  })
  afterAll(() => upstream.close())
  beforeEach(() => {
    bench = new Workbench()
  })
  afterEach(async () => {
    await bench.close()
    upstream.heal()
    upstream.removeTag(image, '1')
    upstream.forgetRequests()
  })

  const remote = (changes = {}) =>
    remoteConfig('hub', upstream.url, {
      retrievalCachePeriodSecs: 60,
      missedRetrievalCachePeriodSecs: 60,
      assumedOfflinePeriodSecs: 300,
      ...changes,
    })

  async function change(key: string, changes: object): Promise<void> {
    await bench.directory.update(key, (current) => ({ ...current, ...changes }))
  }

  /** @returns the digest that the upstream has, or could have */
  async function arrange(situation: Situation): Promise<string> {
    const { cache } = situation
    await bench.add(
      localConfig('own'),
      localConfig('first'),
      remote(),
      virtualConfig('inner', ['hub', 'first']),
      virtualConfig('all', ['own', 'inner']),
    )
    for (const key of situation.stored) await bench.pushImage(key, image, '1')
    const { digest } = upstream.addImage(image, '1')
    if (cache === 'missing' || cache === 'missing before') upstream.removeTag(image, '1')
    if (cache !== 'nothing') await bench.pull('hub', image, '1')
    if (cache === 'stale' || cache === 'missing before') bench.clock.advance(61)
    if (situation.upstream === 'has it') upstream.addImage(image, '1')
    if (situation.upstream === 'has it not') upstream.removeTag(image, '1')
    if (situation.upstream.endsWith('down')) upstream.misbehave({ kind: 'status', status: 503 })
    if (situation.upstream === 'was found down')
      await bench.pull('hub', 'another/image', '1').catch(() => undefined)
    for (const key of everyone) {
      await change(key, {
        blackedOut: situation.closed.includes(key),
        excludesPattern: situation.hidden.includes(key) ? 'team/**' : '',
        priorityResolution: situation.priority.includes(key),
        ...(key === 'hub' ? { offline: situation.offline } : {}),
      })
    }
    if (situation.nestedHides) await change('inner', { excludesPattern: 'team/**' })
    upstream.forgetRequests()
    return digest
  }

  async function pulled(key: string, reference: string, context: RequestContext): Promise<object> {
    try {
      const found = await bench.pull(key, image, reference, context)
      if (found === undefined) return { kind: 'error', code: 'MANIFEST_UNKNOWN' }
      const { value, foundIn, cache } = found
      return { kind: 'served', digest: value.digest, mediaType: value.mediaType, foundIn, cache }
    } catch (error) {
      if (!isRegistryError(error)) throw error
      return { kind: 'error', code: error.code, message: error.message }
    }
  }

  function comparable(outcome: ExplainedOutcome): object {
    if (outcome.kind !== 'error' || outcome.code !== 'MANIFEST_UNKNOWN') return outcome
    return { kind: 'error', code: outcome.code }
  }

  test('tells what a pull then does, in any situation, and changes nothing itself', async () => {
    const seen = new Set<string>()
    const holds = async (situation: Situation) => {
      const digest = await arrange(situation)
      const reference = situation.by === 'tag' ? '1' : digest
      const may: RequestContext['may'] = (action, repository) =>
        situation.reads.includes(repository) &&
        (action === 'read' || (action === 'deploy' && situation.fills))
      const context = bench.context({ principal: anonymous, may, mayPartly: may })
      const first = await explain(bench, situation.from, reference, context)
      expect(await explain(bench, situation.from, reference, context)).toEqual(first)
      expect(upstream.requests).toEqual([])
      const { outcome } = first
      const then = await pulled(situation.from, reference, context)
      seen.add(outcome.kind === 'error' ? outcome.code : outcome.kind)
      if (outcome.kind === 'upstream') {
        expect(upstream.requests.length).toBeGreaterThan(0)
      } else {
        expect(upstream.requests).toEqual([])
        expect(then).toEqual(comparable(outcome))
      }
    }
    const property = fc.asyncProperty(situations, async (situation) => {
      bench = new Workbench()
      try {
        await holds(situation)
      } finally {
        await bench.close()
        upstream.heal()
        upstream.removeTag(image, '1')
      }
    })
    await fc.assert(property, { numRuns: 300, examples: oneOfEach.map(([, situation]) => [situation]) })
    for (const [outcome] of oneOfEach) expect(seen).toContain(outcome)
  }, 60_000)

  test('tells of every member why it answers or not, in the order in which they are asked', async () => {
    await bench.add(
      localConfig('own', { includesPattern: 'other/**' }),
      localConfig('closed', { blackedOut: true }),
      localConfig('here'),
      remote(),
      virtualConfig('inner', ['hub'], { excludesPattern: 'team/**' }),
      localConfig('secret'),
      virtualConfig('all', ['own', 'closed', 'inner', 'here', 'secret']),
    )
    const pushed = await bench.pushImage('here', image, '1')
    const told = await explain(bench, 'all', '1', bench.only(['read'], 'own', 'closed', 'hub', 'here'))
    expect(toldOf(told, 'own')).toEqual(['permission noted', 'patterns passed'])
    expect(toldOf(told, 'closed')).toEqual(['permission noted', 'failure passed'])
    expect(toldOf(told, 'hub')).toEqual(['patterns passed'])
    expect(toldOf(told, 'here')).toEqual(['permission noted', 'stored taken'])
    expect(toldOf(told, 'secret')).toEqual(['permission passed'])
    expect(told.outcome).toMatchObject({ kind: 'served', digest: pushed.digest, foundIn: 'here' })
    expect(decisionsOn(told, 'own')[1]?.message).toContain('"other/**"')
    expect(decisionsOn(told, 'hub')[0]?.message).toContain('the patterns of inner leave it out')
    expect(told.candidates.map(({ repository, through }) => [repository, ...through])).toEqual([
      ['own', 'all'],
      ['closed', 'all'],
      ['hub', 'all', 'inner'],
      ['here', 'all'],
      ['secret', 'all'],
    ])
  })

  test('tells what the cache remembers, and until when', async () => {
    await bench.add(remote(), localConfig('own'), virtualConfig('all', ['hub', 'own']))
    const { digest } = upstream.addImage(image, '1')
    await bench.pull('hub', image, '1')
    const now = bench.clock.now()
    const fresh = await explain(bench, 'all', '1')
    const entry = { status: 'found', digest, checkedAt: new Date(now), freshUntil: new Date(now + 60_000) }
    expect(decisionsOn(fresh, 'hub').find(({ rule }) => rule === 'cache')?.cached).toMatchObject(entry)
    expect(fresh.outcome).toMatchObject({ kind: 'served', digest, cache: 'hit' })
    expect(toldOf(fresh, 'own')).toEqual(['order passed'])
    bench.clock.advance(61)
    const stale = await explain(bench, 'all', '1')
    expect(stale.outcome).toMatchObject({ kind: 'upstream', repository: 'hub', fallback: { digest } })
    expect(stale.outcome.kind === 'upstream' && stale.outcome.message).toContain('HEAD')
  })

  test('tells the stale copy and the failure while an upstream is left alone', async () => {
    await bench.add(remote())
    const { digest } = upstream.addImage(image, '1')
    await bench.pull('hub', image, '1')
    bench.clock.advance(61)
    upstream.misbehave({ kind: 'status', status: 503 })
    await bench.pull('hub', image, '1')
    const told = await explain(bench, 'hub', '1')
    expect(told.outcome).toMatchObject({ kind: 'served', digest, cache: 'stale' })
    expect(decisionsOn(told, 'hub').at(-1)?.message).toContain('it is not asked again for another')
  })

  test('tells who may not fill a cache that it needs the right to deploy', async () => {
    await bench.add(remote())
    const told = await explain(bench, 'hub', digestOf(Buffer.from('x')), bench.only(['read'], 'hub'))
    expect(told.outcome).toMatchObject({ kind: 'error', code: 'DENIED' })
    expect(decisionsOn(told, 'hub')[0]?.message).toContain('without the right to deploy')
  })

  test('tells nothing of a tag that may not be read', async () => {
    await bench.add(localConfig('own'))
    await bench.pushImage('own', image, 'secret')
    const reader = bench.toTags('bob', { actions: ['read'], tags: /^release-/ })
    const [there, not] = [
      await explain(bench, 'own', 'secret', reader),
      await explain(bench, 'own', 'absent', reader),
    ]
    expect(JSON.stringify(there).replaceAll('secret', 'absent')).toBe(JSON.stringify(not))
  })

  test('passes on what is no failure of a registry', async () => {
    await bench.add(localConfig('own'))
    bench.manifests.failure = new Error('the database is gone')
    await expect(explain(bench, 'own', '1')).rejects.toThrow('the database is gone')
  })
})
