import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { digestOf, RegistryError } from '@entrepot/kernel'
import { describe, expect, it, vi } from 'vitest'
import { FillBench, HandFedBody, readAll, ScriptedUpstream } from './testing/fill-bench.js'

const bytes = randomBytes(300_000)
const start = (bench: FillBench, upstream: ScriptedUpstream) => bench.start(upstream, { isKept: false })

describe('a blob that is not kept', () => {
  it('goes to its reader, and leaves nothing behind', async () => {
    const bench = FillBench.inMemory()
    const fill = await start(bench, new ScriptedUpstream(bytes))
    expect((await readAll(await fill.open())).equals(bytes)).toBe(true)
    expect(await fill.done).toBeUndefined()
    await vi.waitFor(() => expect([fill.gone, bench.store.uploadCount]).toEqual([true, 0]))
    expect([bench.store.blobCount, bench.committed]).toEqual([0, []])
    await expect(fill.open()).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  })

  it('is fetched once for twenty readers at once, ranges among them, and anew when it has gone', async () => {
    const bench = FillBench.inMemory()
    const upstream = new ScriptedUpstream(bytes)
    const read = async (reader: number) => {
      const range = reader % 2 === 0 ? undefined : { start: reader * 1000, end: bytes.length - 1 - reader }
      const got = await readAll(await (await start(bench, upstream)).open({ range }), 5000 + reader)
      return got.equals(range === undefined ? bytes : bytes.subarray(range.start, range.end + 1))
    }
    const reads = await Promise.all(Array.from({ length: 20 }, (_, reader) => read(reader)))
    expect(reads.every(Boolean)).toBe(true)
    expect(upstream.offsets).toEqual([0])
    const first = await start(bench, upstream)
    await vi.waitFor(() => expect(first.gone).toBe(true))
    expect(await read(0)).toBe(true)
    expect(upstream.offsets).toEqual([0, 0])
  })

  it('stays for a reader that is slower than all others', async () => {
    const bench = FillBench.inMemory({ unreadMilliseconds: 1 })
    const fill = await start(bench, new ScriptedUpstream(bytes))
    const slow = await fill.open()
    await readAll(await fill.open())
    await fill.done
    await sleep(30)
    expect(fill.gone).toBe(false)
    expect((await readAll(slow)).equals(bytes)).toBe(true)
    await vi.waitFor(() => expect(bench.store.uploadCount).toBe(0))
  })

  it('is not fetched to its end when its last reader has left', async () => {
    const bench = FillBench.inMemory({ stallMilliseconds: 60_000 })
    const source = new HandFedBody()
    source.push(bytes.subarray(0, 200_000))
    const fill = await start(
      bench,
      new ScriptedUpstream(bytes, [() => ({ body: source, size: bytes.length, startsAt: 0 })]),
    )
    const body = await fill.open()
    await body.read(Buffer.alloc(1000))
    await body.close()
    await body.close()
    await expect(fill.done).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    expect([source.destroyed, bench.fills.running]).toEqual([true, 0])
    await vi.waitFor(() => expect(bench.store.uploadCount).toBe(0))
  })

  it('resumes where the upstream broke off', async () => {
    const upstream: ScriptedUpstream = new ScriptedUpstream(bytes, [
      (offset) => upstream.rest(offset, 100_000, new Error('ECONNRESET')),
    ])
    const fill = await start(FillBench.inMemory(), upstream)
    expect((await readAll(await fill.open())).equals(bytes)).toBe(true)
    expect(upstream.offsets).toEqual([0, 100_000])
  })

  it('with a wrong byte reaches nobody to its end', async () => {
    const wrong = Buffer.from(bytes)
    wrong.writeUInt8((wrong.at(-1) ?? 0) ^ 1, wrong.length - 1)
    const bench = FillBench.inMemory()
    const fill = await bench.start(new ScriptedUpstream(wrong), { isKept: false, digest: digestOf(bytes) })
    const body = await fill.open()
    await expect(readAll(body)).rejects.toMatchObject({
      code: 'UPSTREAM_FAILED',
      message: expect.stringContaining('the upstream sent a wrong blob'),
    })
    await expect(fill.done).rejects.toMatchObject({ code: 'UPSTREAM_FAILED' })
    await vi.waitFor(() => expect(bench.store.uploadCount).toBe(0))
  })

  it('may be empty', async () => {
    const fill = await start(FillBench.inMemory(), new ScriptedUpstream(Buffer.alloc(0)))
    expect(await readAll(await fill.open())).toHaveLength(0)
  })

  it('goes when the server stops, whoever reads it', async () => {
    const bench = FillBench.inMemory({ unreadMilliseconds: 60_000 })
    const fill = await start(bench, new ScriptedUpstream(bytes))
    const body = await fill.open()
    await fill.done
    expect(bench.store.uploadCount).toBe(1)
    await bench.fills.close(0)
    expect(bench.store.uploadCount).toBe(0)
    await expect(readAll(body)).rejects.toBeInstanceOf(RegistryError)
  })
})
