import { localConfig, remoteConfig, virtualConfig } from '@entrepot/repositories/testing'
import { FaultyRegistry } from '@entrepot/upstream/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { explainManifest } from '../explain-manifest.js'
import { parseReference } from '@entrepot/oci-model'
import { nameOf, Workbench } from '../testing/workbench.js'

describe('a virtual repository with resolveDockerTagsByTimestamp', () => {
  let bench: Workbench
  let upstream: FaultyRegistry

  beforeEach(async () => {
    bench = new Workbench()
    upstream = await FaultyRegistry.start()
    await bench.add(
      localConfig('one'),
      localConfig('two'),
      remoteConfig('hub', upstream.url, { assumedOfflinePeriodSecs: 0, retrievalCachePeriodSecs: 60 }),
      virtualConfig('all', ['one', 'two', 'hub'], { resolveDockerTagsByTimestamp: true }),
    )
  })
  afterEach(async () => {
    await bench.close()
    await upstream.close()
  })

  const pull = (reference = '1', context = bench.context()) =>
    bench.pull('all', 'team/app', reference, context)
  const push = async (key: string, tag = '1') => {
    bench.clock.advance(1)
    return bench.pushImage(key, 'team/app', tag)
  }
  const priority = (key: string) =>
    bench.directory.update(key, (config) => ({ ...config, priorityResolution: true }))
  const down = () => upstream.misbehave({ kind: 'status', status: 503 })

  test('takes the tag that was pushed last, whichever member has it', async () => {
    await push('one')
    expect((await pull())?.foundIn).toBe('one')
    const second = await push('two')
    expect(await pull()).toMatchObject({ foundIn: 'two', value: { digest: second.digest } })
    await push('one')
    expect((await pull())?.foundIn).toBe('one')
    expect(await pull('none')).toBeUndefined()
  })

  test('takes the first in order where it does not say so, and where the times are the same', async () => {
    await push('one')
    await bench.pushImage('two', 'team/app', '1')
    expect((await pull())?.foundIn).toBe('one')
    await push('two')
    await bench.directory.update('all', (config) => ({ ...config, resolveDockerTagsByTimestamp: false }))
    expect((await pull())?.foundIn).toBe('one')
  })

  test('takes of a remote the time at which its tag was first seen to be where it is', async () => {
    await push('one')
    bench.clock.advance(10)
    upstream.addImage('team/app', '1')
    expect((await pull())?.foundIn).toBe('hub')
    await push('one')
    bench.clock.advance(61)
    // Looked up again and found where it was, it has not become newer.
    expect((await pull())?.foundIn).toBe('one')
    upstream.addImage('team/app', '1', { layers: [Buffer.from('moved')] })
    bench.clock.advance(61)
    expect((await pull())?.foundIn).toBe('hub')
  })

  test('does so of a remote that keeps nothing', async () => {
    await bench.directory.update('hub', (config) => ({ ...config, storeArtifactsLocally: false }))
    await push('one')
    bench.clock.advance(10)
    upstream.addImage('team/app', '1')
    expect((await pull())?.foundIn).toBe('hub')
    await push('one')
    expect((await pull())?.foundIn).toBe('one')
    bench.clock.advance(10)
    expect((await pull())?.foundIn).toBe('one')
    upstream.addImage('team/app', '1', { layers: [Buffer.from('moved')] })
    expect((await pull())?.foundIn).toBe('hub')
  })

  test('finds a digest wherever it is', async () => {
    const { digest } = await push('one')
    await push('two')
    expect((await pull(digest))?.foundIn).toBe('one')
  })

  test('asks those without priority only for images that no member with priority has', async () => {
    await priority('one')
    await push('one')
    await push('two')
    expect((await pull())?.foundIn).toBe('one')
    await push('two', '2')
    expect(await pull('2')).toBeUndefined()
    await bench.pushImage('two', 'team/other', '2')
    expect((await bench.pull('all', 'team/other', '2'))?.foundIn).toBe('two')
  })

  test('takes only what the principal may read', async () => {
    await push('one')
    await push('two')
    expect((await pull('1', bench.only(['read', 'deploy'], 'one', 'hub')))?.foundIn).toBe('one')
    expect(await pull('1', bench.only(['read', 'deploy'], 'hub'))).toBeUndefined()
  })

  test('passes over a member that fails and never had the image, as it does else', async () => {
    await push('one')
    down()
    expect((await pull())?.foundIn).toBe('one')
  })

  test('fails with a member that has the image, whose tag might be the newest', async () => {
    upstream.addImage('team/app', 'other')
    await pull('other')
    await push('one')
    down()
    await expect(pull()).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' })
  })

  test('counts the tag that a member has cached where it can not be asked', async () => {
    await push('one')
    bench.clock.advance(1)
    upstream.addImage('team/app', '1')
    await pull()
    bench.clock.advance(61)
    down()
    expect(await pull()).toMatchObject({ foundIn: 'hub', cache: 'stale' })
    await push('two')
    expect((await pull())?.foundIn).toBe('two')
  })

  test('explains which was the newest', async () => {
    await push('one')
    await push('two')
    await bench.directory.update('hub', (config) => ({ ...config, offline: true }))
    const reference = parseReference('1')
    const { candidates, outcome } = await explainManifest(
      bench.repository('all'),
      nameOf('team/app'),
      reference,
      bench.context(),
    )
    expect(outcome).toMatchObject({ kind: 'served', foundIn: 'two' })
    expect(candidates[0]?.decisions.at(-1)).toMatchObject({
      rule: 'order',
      effect: 'passed',
      message: expect.stringContaining('the tag of two was set later'),
    })
  })
})
