import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { digestOf, RegistryError } from '@entrepot/kernel'
import { describe, expect, it } from 'vitest'
import { FillBench, HandFedBody, readAll, ScriptedUpstream } from './testing/fill-bench.js'

const bytes = randomBytes(300_000)
const kibibyte = 1024

describe('a cold blob', () => {
  it('is read while it is stored, and committed once', async () => {
    const bench = FillBench.inMemory()
    const fill = await bench.start(new ScriptedUpstream(bytes))
    expect(await fill.size()).toBe(bytes.length)
    const body = await fill.open()
    expect(body.size).toBe(bytes.length)
    expect((await readAll(body)).equals(bytes)).toBe(true)
    const stored = await fill.done
    expect(bench.committed).toEqual([stored])
    expect(stored).toMatchObject({ digest: digestOf(bytes), size: bytes.length })
    expect(bench.store.openBodies).toBe(0)
  })

  it('is fetched once for fifty readers', async () => {
    const bench = FillBench.inMemory()
    const upstream = new ScriptedUpstream(bytes)
    const read = async (reader: number) => {
      const fill = await bench.start(upstream)
      const start = reader * 1000
      const range = reader % 2 === 0 ? undefined : { start, end: bytes.length - 1 - reader }
      const body = await fill.open({ range })
      const expected = range === undefined ? bytes : bytes.subarray(range.start, range.end + 1)
      return (await readAll(body, 5000 + reader)).equals(expected)
    }
    const read50 = await Promise.all(Array.from({ length: 50 }, (_, reader) => read(reader)))
    expect(read50.every(Boolean)).toBe(true)
    expect(upstream.offsets).toEqual([0])
    expect(bench.committed).toHaveLength(1)
    expect(bench.store.openBodies).toBe(0)
  })

  it('is stored although its only reader leaves at once', async () => {
    const bench = FillBench.inMemory()
    const fill = await bench.start(new ScriptedUpstream(bytes))
    await (await fill.open()).close()
    await fill.done
    expect(bench.committed).toHaveLength(1)
  })

  it('is stored although nobody opens it', async () => {
    const bench = FillBench.inMemory()
    await (
      await bench.start(new ScriptedUpstream(bytes))
    ).done
    expect(bench.store.blobCount).toBe(1)
    expect(bench.store.uploadCount).toBe(0)
  })

  it('is stored although its reader aborts in the middle, who is told the reason', async () => {
    const bench = FillBench.inMemory()
    const source = new HandFedBody()
    const fill = await bench.start(upstreamOf(source))
    const client = new AbortController()
    const body = await fill.open({ signal: client.signal })
    const reading = body.read(Buffer.alloc(10))
    const reason = new Error('client left')
    client.abort(reason)
    await expect(reading).rejects.toBe(reason)
    await body.close()
    await expect(fill.open({ signal: client.signal })).rejects.toBe(reason)
    source.push(bytes)
    source.push(null)
    expect((await fill.done)?.size).toBe(bytes.length)
  })

  it('rejects a read that waits when its body is closed', async () => {
    const fill = await FillBench.inMemory().start(upstreamOf(new HandFedBody()))
    const body = await fill.open()
    const reading = body.read(Buffer.alloc(10))
    await body.close()
    await body.close()
    await expect(reading).rejects.toThrow('closed')
  })

  it('is not held up by a reader that does not read', async () => {
    const bench = FillBench.inMemory()
    const fill = await bench.start(new ScriptedUpstream(bytes))
    const slow = await fill.open()
    const first = Buffer.alloc(7)
    expect(await slow.read(first)).toBe(7)
    await fill.done
    expect(Buffer.concat([first, await readAll(slow)]).equals(bytes)).toBe(true)
  })

  it('serves a range as soon as its bytes have arrived', async () => {
    const source = new HandFedBody()
    const fill = await FillBench.inMemory().start(upstreamOf(source))
    const early = await fill.open({ range: { start: 1000, end: 1999 } })
    const late = await fill.open({ range: { start: 150_000, end: 150_099 } })
    const lateRead = readAll(late)
    source.push(bytes.subarray(0, 100_000))
    expect((await readAll(early)).equals(bytes.subarray(1000, 2000))).toBe(true)
    expect(await Promise.race([lateRead, sleep(30)])).toBeUndefined()
    source.push(bytes.subarray(100_000, 200_000))
    expect((await lateRead).equals(bytes.subarray(150_000, 150_100))).toBe(true)
    source.push(bytes.subarray(200_000))
    source.push(null)
    await fill.done
  })

  it('refuses a range that is not inside', async () => {
    const fill = await FillBench.inMemory().start(new ScriptedUpstream(bytes))
    await expect(fill.open({ range: { start: 0, end: bytes.length } })).rejects.toMatchObject({
      code: 'RANGE_NOT_SATISFIABLE',
    })
    await fill.done
  })

  it('gives its last bytes to nobody before it is verified and linked', async () => {
    const linking = Promise.withResolvers<void>()
    const bench = FillBench.inMemory()
    const fill = await bench.start(new ScriptedUpstream(bytes), {
      commit: async (stored) => {
        await linking.promise
        return stored
      },
    })
    const body = await fill.open()
    const read = Buffer.alloc(bytes.length)
    let total = 0
    while (total < bytes.length - 64 * kibibyte) total += await body.read(read.subarray(total))
    expect(total).toBe(bytes.length - 64 * kibibyte)
    const tail = body.read(read.subarray(total))
    expect(await Promise.race([tail, sleep(50)])).toBeUndefined()
    linking.resolve()
    expect(await tail).toBe(64 * kibibyte)
    expect(read.equals(bytes)).toBe(true)
    await body.close()
  })

  it('is read from the generation that was there first when the index says so', async () => {
    const bench = FillBench.inMemory()
    const first = bench.store.put(bytes, digestOf(bytes))
    const fill = await bench.start(new ScriptedUpstream(bytes), {
      commit: async (stored) => {
        await bench.store.delete(stored.key)
        return first
      },
    })
    expect((await readAll(await fill.open())).equals(bytes)).toBe(true)
    expect(await fill.done).toEqual(first)
  })

  it('is not fetched when another fill has stored it meanwhile', async () => {
    const bench = FillBench.inMemory()
    const upstream = new ScriptedUpstream(bytes)
    const there = bench.store.put(bytes, digestOf(bytes))
    const fill = await bench.start(upstream, { stored: () => Promise.resolve(there) })
    expect((await readAll(await fill.open())).equals(bytes)).toBe(true)
    expect(upstream.offsets).toEqual([])
    expect(bench.store.uploadCount).toBe(0)
  })

  it('can be opened by who kept the handle until it was stored', async () => {
    const fill = await FillBench.inMemory().start(new ScriptedUpstream(bytes))
    await fill.done
    expect(
      (await readAll(await fill.open({ range: { start: 5, end: 9 } }))).equals(bytes.subarray(5, 10)),
    ).toBe(true)
  })

  it('may be empty', async () => {
    const fill = await FillBench.inMemory().start(new ScriptedUpstream(Buffer.alloc(0)))
    expect(await readAll(await fill.open())).toHaveLength(0)
    expect((await fill.done)?.size).toBe(0)
  })

  it('may have a size that the upstream does not tell', async () => {
    const upstream: ScriptedUpstream = new ScriptedUpstream(bytes, [
      (offset) => ({ ...upstream.rest(offset), size: undefined }),
    ])
    const fill = await FillBench.inMemory().start(upstream)
    expect(await fill.size()).toBe(bytes.length)
    expect((await readAll(await fill.open())).equals(bytes)).toBe(true)
  })

  it('may have a sha512 digest', async () => {
    const digest = digestOf(bytes, 'sha512')
    const fill = await FillBench.inMemory().start(new ScriptedUpstream(bytes), { digest })
    expect((await fill.done)?.digest).toBe(digest)
  })
})

describe('a blob that is wrong', () => {
  it('is dropped, and its readers are cut off before its end, told both digests', async () => {
    const bench = FillBench.inMemory()
    const digest = digestOf(Buffer.from('another content'))
    const fill = await bench.start(new ScriptedUpstream(bytes), { digest })
    const bodies = await Promise.all(Array.from({ length: 20 }, () => fill.open()))
    const outcomes = await Promise.allSettled(bodies.map((body) => readAll(body)))
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'UPSTREAM_FAILED' } })
      expect(String(outcome.status === 'rejected' && outcome.reason)).toContain(digest)
      expect(String(outcome.status === 'rejected' && outcome.reason)).toContain(digestOf(bytes))
    }
    await expect(fill.done).rejects.toMatchObject({ code: 'UPSTREAM_FAILED' })
    await expectNothingKept(bench)
  })

  it('is not even opened when it is empty', async () => {
    const bench = FillBench.inMemory()
    const digest = digestOf(bytes)
    const fill = await bench.start(new ScriptedUpstream(Buffer.alloc(0)), { digest })
    await expect(fill.open()).rejects.toMatchObject({ code: 'UPSTREAM_FAILED' })
    await expectNothingKept(bench)
  })

  it('is dropped when it is longer than the upstream said', async () => {
    const bench = FillBench.inMemory()
    const upstream: ScriptedUpstream = new ScriptedUpstream(bytes, [
      (offset) => ({ ...upstream.rest(offset), size: bytes.length - 1 }),
    ])
    const fill = await bench.start(upstream)
    await expect(readAll(await fill.open())).rejects.toMatchObject({ code: 'UPSTREAM_FAILED' })
    expect(upstream.offsets).toEqual([0])
    await expectNothingKept(bench)
  })

  it('is refused before any byte when its size is not the expected one', async () => {
    const bench = FillBench.inMemory()
    const fill = await bench.start(new ScriptedUpstream(bytes), { size: 5 })
    await expect(fill.size()).rejects.toMatchObject({ code: 'UPSTREAM_FAILED' })
    await expectNothingKept(bench)
  })
})

describe('a fill that fails', () => {
  it('tells all who wait what the upstream said, and the next request tries again', async () => {
    const bench = FillBench.inMemory()
    const refusal = new RegistryError('TOO_MANY_REQUESTS', 'the upstream is throttling us')
    const upstream = new ScriptedUpstream(bytes, [() => Promise.reject(refusal)])
    const waiting = await Promise.all(Array.from({ length: 5 }, () => bench.start(upstream)))
    for (const fill of waiting) await expect(fill.size()).rejects.toBe(refusal)
    for (const fill of waiting) await expect(fill.open()).rejects.toBe(refusal)
    expect(upstream.offsets).toEqual([0])
    const again = await bench.start(upstream)
    expect((await readAll(await again.open())).equals(bytes)).toBe(true)
  })

  it('is not joined while it is cleaned up', async () => {
    const bench = FillBench.inMemory()
    const upstream = new ScriptedUpstream(bytes, [() => Promise.reject(new RegistryError('DENIED', 'no'))])
    const first = await bench.start(upstream)
    await first.size().catch(() => undefined)
    const second = await bench.start(upstream)
    expect(await second.size()).toBe(bytes.length)
    await second.done
  })

  it('keeps nothing when no space is left', async () => {
    const bench = FillBench.inMemory({}, 200_000)
    const fill = await bench.start(new ScriptedUpstream(bytes))
    await expect(readAll(await fill.open())).rejects.toMatchObject({ code: 'STORAGE_FULL' })
    await expectNothingKept(bench)
  })

  it('cuts its readers off when the blob can not be linked', async () => {
    const bench = FillBench.inMemory()
    const failure = new Error('database is down')
    const fill = await bench.start(new ScriptedUpstream(bytes), { commit: () => Promise.reject(failure) })
    await expect(readAll(await fill.open())).rejects.toBe(failure)
    await expect(fill.done).rejects.toBe(failure)
  })
})

describe('CacheFills', () => {
  it('counts what runs', async () => {
    const bench = FillBench.inMemory()
    expect(bench.fills.running).toBe(0)
    const source = new HandFedBody()
    const fill = await bench.start(upstreamOf(source))
    await bench.start(upstreamOf(source))
    expect(bench.fills.running).toBe(1)
    source.push(bytes)
    source.push(null)
    await fill.done
    expect(bench.fills.running).toBe(0)
  })

  it('waits for running fills when it is closed, and starts none after', async () => {
    const bench = FillBench.inMemory({ stallMilliseconds: 10_000 })
    const source = new HandFedBody()
    const fill = await bench.start(upstreamOf(source))
    const closing = bench.fills.close(10_000)
    await expect(bench.start(new ScriptedUpstream(randomBytes(5)))).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    })
    source.push(bytes)
    source.push(null)
    await closing
    expect((await fill.done)?.size).toBe(bytes.length)
  })

  it('ends what still runs at the limit, and leaves nothing behind', async () => {
    const bench = FillBench.inMemory({ stallMilliseconds: 10_000 })
    const source = new HandFedBody()
    source.push(bytes.subarray(0, 200_000))
    const hanging = new ScriptedUpstream(randomBytes(3), [() => new Promise(() => undefined)])
    const fill = await bench.start(upstreamOf(source))
    const unanswered = await bench.start(hanging)
    const reading = readAll(await fill.open())
    const closing = bench.fills.close(20)
    await expect(reading).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    await expect(unanswered.size()).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    await closing
    expect(source.destroyed).toBe(true)
    expect(bench.fills.running).toBe(0)
    await expectNothingKept(bench)
  })
})

function upstreamOf(source: HandFedBody): ScriptedUpstream {
  return new ScriptedUpstream(bytes, [() => ({ body: source, size: bytes.length, startsAt: 0 })])
}

async function expectNothingKept(bench: FillBench): Promise<void> {
  while (bench.fills.running > 0) await sleep(1)
  expect(bench.committed).toEqual([])
  expect(bench.store.blobCount).toBe(0)
  expect(bench.store.uploadCount).toBe(0)
}
