import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { RegistryError } from '@entrepot/kernel'
import { describe, expect, it } from 'vitest'
import { FillBench, HandFedBody, readAll, ScriptedUpstream } from './testing/fill-bench.js'

const bytes = randomBytes(300_000)
const reset = new Error('ECONNRESET')

describe('an upstream that breaks off', () => {
  it('is asked to go on where it stopped, and no reader notices', async () => {
    const bench = FillBench.inMemory()
    const upstream: ScriptedUpstream = new ScriptedUpstream(bytes, [
      (offset) => upstream.rest(offset, 100_000, reset),
      (offset) => upstream.rest(offset, 1, reset),
    ])
    const fill = await bench.start(upstream)
    expect((await readAll(await fill.open())).equals(bytes)).toBe(true)
    expect(upstream.offsets).toEqual([0, 100_000, 100_001])
  })

  it('is asked to go on when the body just ends early', async () => {
    const upstream: ScriptedUpstream = new ScriptedUpstream(bytes, [
      (offset) => upstream.rest(offset, 50_000),
    ])
    const fill = await FillBench.inMemory().start(upstream)
    expect((await readAll(await fill.open())).equals(bytes)).toBe(true)
    expect(upstream.offsets).toEqual([0, 50_000])
  })

  it('is asked to go on when the body is destroyed without an error', async () => {
    const source = new HandFedBody()
    source.push(bytes.subarray(0, 1000))
    const upstream = new ScriptedUpstream(bytes, [() => ({ body: source, size: bytes.length, startsAt: 0 })])
    const fill = await FillBench.inMemory({ stallMilliseconds: 10_000 }).start(upstream)
    await sleep(5)
    source.destroy()
    expect((await fill.done)?.size).toBe(bytes.length)
    expect(upstream.offsets).toEqual([0, 1000])
  })

  it('may begin again at 0: what is there already is skipped', async () => {
    const upstream: ScriptedUpstream = new ScriptedUpstream(bytes, [
      (offset) => upstream.rest(offset, 100_000, reset),
      () => upstream.rest(0, 150_000, reset),
      () => upstream.rest(0, 70_000, reset),
      () => upstream.rest(0),
    ])
    const fill = await FillBench.inMemory().start(upstream)
    expect((await readAll(await fill.open())).equals(bytes)).toBe(true)
    expect(upstream.offsets).toEqual([0, 100_000, 150_000, 150_000])
  })

  it('may not leave a gap', async () => {
    const upstream: ScriptedUpstream = new ScriptedUpstream(bytes, [
      (offset) => upstream.rest(offset, 100_000, reset),
      () => upstream.rest(100_001),
    ])
    const fill = await FillBench.inMemory().start(upstream)
    await expect(fill.done).rejects.toMatchObject({
      code: 'UPSTREAM_FAILED',
      message: expect.stringContaining('from byte 100001 on, asked for 100000'),
    })
  })

  it('may not change the size', async () => {
    const upstream: ScriptedUpstream = new ScriptedUpstream(bytes, [
      (offset) => upstream.rest(offset, 100_000, reset),
      (offset) => ({ ...upstream.rest(offset), size: bytes.length + 1 }),
    ])
    await expect((await FillBench.inMemory().start(upstream)).done).rejects.toMatchObject({
      code: 'UPSTREAM_FAILED',
    })
  })

  it('is given up when it brings nothing several times in a row', async () => {
    const bench = FillBench.inMemory()
    const upstream: ScriptedUpstream = new ScriptedUpstream(bytes, [
      (offset) => upstream.rest(offset, 100_000, reset),
      (offset) => upstream.rest(offset, 0, reset),
      () => Promise.reject(new RegistryError('UPSTREAM_UNAVAILABLE', 'upstream is down')),
    ])
    const fill = await bench.start(upstream)
    await expect(readAll(await fill.open())).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' })
    expect(upstream.offsets).toEqual([0, 100_000, 100_000])
    await fill.done.catch(() => undefined)
    expect(bench.store.uploadCount).toBe(0)
  })

  it('says what was missing when it is given up', async () => {
    const none = (offset: number) => new ScriptedUpstream(bytes).rest(offset, 0)
    const fill = await FillBench.inMemory().start(new ScriptedUpstream(bytes, [none, none, none]))
    await expect(fill.done).rejects.toMatchObject({
      code: 'UPSTREAM_FAILED',
      message: expect.stringContaining('at byte 0 of 300000'),
    })
  })

  it('is not asked more often than the limit, though it goes on bringing a byte', async () => {
    const one = (offset: number) => new ScriptedUpstream(bytes).rest(offset, 1, reset)
    const upstream = new ScriptedUpstream(
      bytes,
      Array.from({ length: 50 }, () => one),
    )
    const fill = await FillBench.inMemory({ maximumConnections: 7 }).start(upstream)
    await expect(fill.done).rejects.toMatchObject({ code: 'UPSTREAM_FAILED', cause: reset })
    expect(upstream.offsets).toHaveLength(7)
  })

  it('is not asked again when it says no for good', async () => {
    const refusal = new RegistryError('DENIED', 'the upstream has withdrawn our right')
    const upstream: ScriptedUpstream = new ScriptedUpstream(bytes, [
      (offset) => upstream.rest(offset, 100_000, reset),
      () => Promise.reject(refusal),
    ])
    await expect((await FillBench.inMemory().start(upstream)).done).rejects.toBe(refusal)
  })

  it('is not asked again when it wants to be left alone for long', async () => {
    const refusal = new RegistryError('TOO_MANY_REQUESTS', 'slow down', { retryAfterSeconds: 3600 })
    const upstream: ScriptedUpstream = new ScriptedUpstream(bytes, [
      (offset) => upstream.rest(offset, 100_000, reset),
      () => Promise.reject(refusal),
    ])
    await expect((await FillBench.inMemory().start(upstream)).done).rejects.toBe(refusal)
    expect(upstream.offsets).toHaveLength(2)
  })
})

describe('an upstream that falls silent', () => {
  it('is left, and asked anew', async () => {
    const source = new HandFedBody()
    source.push(bytes.subarray(0, 123_456))
    const upstream = new ScriptedUpstream(bytes, [() => ({ body: source, size: bytes.length, startsAt: 0 })])
    const fill = await FillBench.inMemory().start(upstream)
    expect((await readAll(await fill.open())).equals(bytes)).toBe(true)
    expect(upstream.offsets).toEqual([0, 123_456])
    expect(source.destroyed).toBe(true)
  })

  it('is given up in the end', async () => {
    const silent = () => ({ body: new HandFedBody(), size: bytes.length, startsAt: 0 })
    const fill = await FillBench.inMemory({ stallMilliseconds: 10 }).start(
      new ScriptedUpstream(bytes, [silent, silent, silent]),
    )
    await expect(readAll(await fill.open())).rejects.toMatchObject({ code: 'UPSTREAM_TIMEOUT' })
  })

  it('is given up at once when it never answered, and an answer that comes too late is let go', async () => {
    const late = Promise.withResolvers<ReturnType<ScriptedUpstream['rest']>>()
    const upstream = new ScriptedUpstream(bytes, [() => late.promise])
    const fill = await FillBench.inMemory({ answerMilliseconds: 10 }).start(upstream)
    await expect(fill.size()).rejects.toMatchObject({ code: 'UPSTREAM_TIMEOUT' })
    const source = upstream.rest(0)
    late.resolve(source)
    await sleep(1)
    expect(source.body.destroyed).toBe(true)
    expect(upstream.offsets).toEqual([0])
  })

  it('is left to its own limit while it has not answered', async () => {
    const upstream: ScriptedUpstream = new ScriptedUpstream(bytes, [
      async () => {
        await sleep(60)
        return upstream.rest(0)
      },
    ])
    const fill = await FillBench.inMemory({ stallMilliseconds: 20 }).start(upstream)
    expect((await fill.done)?.size).toBe(bytes.length)
    expect(upstream.offsets).toEqual([0])
  })

  it('is not left while it is slow', async () => {
    const source = new HandFedBody()
    const upstream = new ScriptedUpstream(bytes, [() => ({ body: source, size: bytes.length, startsAt: 0 })])
    const fill = await FillBench.inMemory({ stallMilliseconds: 150 }).start(upstream)
    for (let start = 0; start < bytes.length; start += 50_000) {
      await sleep(60)
      source.push(bytes.subarray(start, start + 50_000))
    }
    source.push(null)
    await fill.done
    expect(upstream.offsets).toEqual([0])
  })
})
