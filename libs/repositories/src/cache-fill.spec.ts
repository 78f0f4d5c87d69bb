import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BlobStore, FilesystemBlobStore } from '@entrepot/blob-store'
import { MemoryBlobStore } from '@entrepot/blob-store/testing'
import { type Arbitrary, array, assert, asyncProperty, boolean, integer, nat, record } from 'fast-check'
import { expect, it } from 'vitest'
import { bodyOf, FillBench, readAll, ScriptedUpstream } from './testing/fill-bench.js'

const connection = record({ brings: nat(100), fromZero: boolean(), says: boolean() })
const reader = record({ from: nat(99), to: nat(99), piece: integer({ min: 1000, max: 90_000 }) })

/** Percentages of the blob: what each connection brings, and which range each reader asks for. */
const story = (largest: number) =>
  record({
    size: integer({ min: 1, max: largest }),
    connections: array(connection, { maxLength: 8 }),
    readers: array(reader, { minLength: 1, maxLength: 6 }),
  })

type Story = ReturnType<typeof story> extends Arbitrary<infer T> ? T : never

async function everybodyGetsTheBlob(store: BlobStore, { size, connections, readers }: Story): Promise<void> {
  const blob = randomBytes(size)
  const script = connections.map(({ brings, fromZero, says }) => (offset: number) => {
    const startsAt = fromZero ? 0 : offset
    const part = blob.subarray(startsAt, startsAt + Math.ceil((size * brings) / 100))
    return { body: bodyOf(part, says ? new Error('ECONNRESET') : undefined, 7777), size, startsAt }
  })
  const bench = new FillBench(store, { maximumFailures: 20, stallMilliseconds: 10_000 })
  const upstream = new ScriptedUpstream(blob, script)
  await Promise.all(
    readers.map(async ({ from, to, piece }) => {
      const start = Math.floor((Math.min(from, to) * size) / 100)
      const end = Math.floor((Math.max(from, to) * size) / 100)
      const body = await (await bench.start(upstream)).open({ range: { start, end } })
      expect((await readAll(body, piece)).equals(blob.subarray(start, end + 1))).toBe(true)
    }),
  )
  await bench.fills.close(10_000)
}

it('gives everybody exactly the blob, whatever the drops, the restarts and the readers', async () => {
  await assert(
    asyncProperty(story(200_000), async (told) => {
      const store = new MemoryBlobStore()
      await everybodyGetsTheBlob(store, told)
      expect(store.uploadCount).toBe(0)
      expect(store.openBodies).toBe(0)
    }),
    { numRuns: 60 },
  )
})

it('does so on disk', async () => {
  const root = await mkdtemp(join(tmpdir(), 'entrepot-fills-'))
  try {
    const store = await FilesystemBlobStore.at(root)
    await assert(
      asyncProperty(story(3_000_000), (told) => everybodyGetsTheBlob(store, told)),
      { numRuns: 40 },
    )
    expect(await readdir(join(root, 'uploads'))).toEqual([])
  } finally {
    await rm(root, { recursive: true })
  }
})
