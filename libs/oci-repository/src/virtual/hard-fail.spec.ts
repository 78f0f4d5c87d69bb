import { digestOf } from '@entrepot/kernel'
import { localConfig, remoteConfig, virtualConfig } from '@entrepot/repositories/testing'
import { FaultyRegistry } from '@entrepot/upstream/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Workbench, nameOf } from '../testing/workbench.js'

describe('a virtual repository over a remote that fails', () => {
  let bench: Workbench
  let upstream: FaultyRegistry

  beforeEach(async () => {
    bench = new Workbench()
    upstream = await FaultyRegistry.start()
    await bench.add(
      localConfig('local'),
      remoteConfig('hub', upstream.url, { assumedOfflinePeriodSecs: 0, retrievalCachePeriodSecs: 60 }),
      virtualConfig('all', ['hub', 'local']),
    )
    await bench.pushImage('local', 'team/app', '1')
  })
  afterEach(async () => {
    await bench.close()
    await upstream.close()
  })

  const hardFail = () => bench.directory.update('hub', (config) => ({ ...config, hardFail: true }))
  const pull = (reference = '1') => bench.pull('all', 'team/app', reference)
  const tags = () =>
    bench.repository('all').reader.tags(nameOf('team/app'), { limit: 9, after: undefined }, bench.context())

  test('passes over it for an image that it has never served', async () => {
    upstream.misbehave({ kind: 'status', status: 503 })
    expect((await pull())?.foundIn).toBe('local')
    expect((await tags()).items).toEqual(['1'])
  })

  test('fails with it where the remote has hardFail', async () => {
    await hardFail()
    upstream.misbehave({ kind: 'status', status: 503 })
    await expect(pull()).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' })
    await expect(tags()).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' })
  })

  test('does so through a nested virtual', async () => {
    await hardFail()
    await bench.add(virtualConfig('outer', ['all']))
    upstream.misbehave({ kind: 'status', status: 503 })
    await expect(bench.pull('outer', 'team/app', '1')).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' })
  })

  test('takes neither a denial nor an absence for a failure', async () => {
    await hardFail()
    expect((await pull())?.foundIn).toBe('local')
    upstream.misbehave({ kind: 'status', status: 401 })
    expect((await pull())?.foundIn).toBe('local')
    expect((await tags()).items).toEqual(['1'])
  })

  test('serves what the remote has cached all the same', async () => {
    await hardFail()
    const image = upstream.addImage('team/app', '2')
    await pull('2')
    bench.clock.advance(61)
    upstream.misbehave({ kind: 'status', status: 503 })
    expect(await pull('2')).toMatchObject({ cache: 'stale', value: { digest: digestOf(image.bytes) } })
  })
})
