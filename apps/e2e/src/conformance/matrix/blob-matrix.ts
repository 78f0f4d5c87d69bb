import { beforeAll, describe, expect, it } from 'vitest'
import { noise } from '../../support/images.js'
import { errorCodes, expectStatus } from '../../support/registry-client.js'
import { algorithms, digestOf } from './digests.js'
import { registerRanges } from './ranges.js'
import {
  deleteBlob,
  expectBlob,
  expectCreated,
  expectNoBlob,
  openUpload,
  pushAsStream,
  pushInChunks,
  pushInPost,
  pushInPut,
  withDigest,
  type Push,
  type PushBlob,
} from './push-blob.js'
import type { Target } from './target.js'

const ways: readonly (readonly [string, number, PushBlob])[] = [
  ['in a single POST', 512, pushInPost],
  ['in a POST and a PUT', 512, pushInPut],
  ['in one chunk', 512, pushInChunks({ count: 1 })],
  ['in three chunks', 3_067, pushInChunks({ count: 3 })],
  ['in three chunks, the last one in the PUT', 3_067, pushInChunks({ count: 3, lastInPut: true })],
  [
    'in chunks that come out of order, after 416 and a look at the session',
    3_067,
    pushInChunks({ count: 3, outOfOrder: true }),
  ],
  [
    'in chunks that come out of order, the last one in the PUT',
    3_067,
    pushInChunks({ count: 3, lastInPut: true, outOfOrder: true }),
  ],
  ['as a stream of unknown size', 512, pushAsStream],
]

const wrongWays: readonly (readonly [string, PushBlob])[] = [
  ['in a single POST', pushInPost],
  ['in a POST and a PUT', pushInPut],
  ['in three chunks', pushInChunks({ count: 3 })],
  ['in three chunks, the last one in the PUT', pushInChunks({ count: 3, lastInPut: true })],
  ['as a stream', pushAsStream],
]

/** Every way to push, mount, read, cancel and delete a blob, in both algorithms. */
export function registerBlobMatrix(target: Target): void {
  const name = target.name('blobs/one')
  const other = target.name('blobs/two')

  describe.each(algorithms)('a %s blob', (algorithm) => {
    const make = (seed: string, size: number, to = name): Push => {
      const bytes = noise(size, `${target.title} ${algorithm} ${seed}`)
      return { target, name: to, digest: digestOf(algorithm, bytes), bytes }
    }

    it('that nobody pushed is a 404 with the code of blobs', async () => {
      const push = make('missing', 512)
      await expectNoBlob(push)
      const answer = await target.wire.send('GET', target.path(name, `blobs/${push.digest}`))
      expect(errorCodes(answer)).toEqual(['BLOB_UNKNOWN'])
    })

    it.each(ways)('is taken %s, read, and deleted', async (way, size, pushBlob) => {
      const push = make(way, size)
      await expectCreated(push, await pushBlob(push))
      await expectBlob(push)
      await deleteBlob(push)
    })

    it.each(wrongWays)('of another digest is refused %s, and nothing is kept', async (way, pushBlob) => {
      const push = make(`wrong ${way}`, 3_067)
      const spoilt = { ...push, bytes: Buffer.concat([push.bytes, Buffer.from('spoilt')]) }
      const refused = expectStatus(await pushBlob(spoilt), 400)
      expect(errorCodes(refused)).toEqual(['DIGEST_INVALID'])
      await expectNoBlob(push)
      await expectNoBlob({ ...push, digest: digestOf(algorithm, spoilt.bytes) })
    })

    it('is mounted from another name', async () => {
      const push = make('mount', 512)
      await seed({ ...push, name: other })
      const query = new URLSearchParams({ mount: push.digest, from: other })
      await expectCreated(push, await target.wire.send('POST', uploads(target, name, query)))
      await expectBlob(push)
      await deleteBlob(push)
      await deleteIfThere({ ...push, name: other })
    })

    it('is mounted without saying from where, when the caller may read it somewhere', async () => {
      const push = make('anonymous mount', 512)
      await seed({ ...push, name: other })
      const query = new URLSearchParams({ mount: push.digest })
      await expectCreated(push, await target.wire.send('POST', uploads(target, name, query)))
      await expectBlob(push)
      await deleteBlob(push)
      await deleteIfThere({ ...push, name: other })
    })

    it('that is not at the source of a mount gets an upload session instead', async () => {
      const push = make('mount of nothing', 512)
      const query = new URLSearchParams({ mount: push.digest, from: other })
      const opened = expectStatus(await target.wire.send('POST', uploads(target, name, query)), 202)
      const location = target.wire.pathOf(opened.headers.get('location'))
      const closed = await target.wire.send('PUT', withDigest(location, push.digest), {
        body: push.bytes,
      })
      await expectCreated(push, closed)
      await deleteBlob(push)
    })

    it('whose upload is cancelled is not there, nor is the session', async () => {
      const push = make('cancel', 512)
      const location = await openUpload(target, name)
      expectStatus(await target.wire.send('DELETE', location), 204)
      const gone = expectStatus(await target.wire.send('GET', location), 404)
      expect(errorCodes(gone)).toEqual(['BLOB_UPLOAD_UNKNOWN'])
      await expectNoBlob(push)
    })

    it.each([
      ['nothing', ''],
      ['an empty object', '{}'],
    ])('of %s is taken, read and deleted', async (_, text) => {
      const bytes = Buffer.from(text)
      const push = { target, name, digest: digestOf(algorithm, bytes), bytes }
      for (const pushBlob of [pushInPut, pushInPost, pushAsStream]) {
        await expectCreated(push, await pushBlob(push))
        await expectBlob(push)
        await deleteBlob(push)
      }
    })

    describe('asked by range', () => {
      const push = make('ranges', 2_048)
      beforeAll(async () => {
        await seed(push)
      })
      registerRanges(() => push)
    })
  })
}

/** Mounts out of a repository with another key: nothing of it may be seen before, and it stays afterwards. */
export function registerMountsFrom(source: Target, target: Target): void {
  it.each(algorithms)(
    'mounts a %s blob from another repository, and only then shows it',
    async (algorithm) => {
      const bytes = noise(512, `${target.title} ${algorithm} mount across`)
      const digest = digestOf(algorithm, bytes)
      const there = { target: source, name: source.name('blobs/one'), digest, bytes }
      const here = { ...there, target, name: target.name('blobs/one') }
      await seed(there)
      await expectNoBlob(here)
      // A token kept from an earlier push doesn't cover the source and gets a session; a new one is asked for both.
      target.wire.forgetTokens()
      const query = new URLSearchParams({ mount: digest, from: there.name })
      await expectCreated(here, await target.wire.send('POST', uploads(target, here.name, query)))
      await expectBlob(here)
      await deleteBlob(here)
      await expectBlob(there)
      await deleteBlob(there)
    },
  )
}

/** Images of one repository share their blobs: the delete by one name may have taken it from the other. */
async function deleteIfThere({ target, name, digest }: Push): Promise<void> {
  const answer = await target.wire.send('DELETE', target.path(name, `blobs/${digest}`))
  if (answer.status !== 404) expectStatus(answer, 202)
  await expectNoBlob({ target, name, digest })
}

/** Puts a blob where a case needs it. */
async function seed(push: Push): Promise<void> {
  expectStatus(await pushInPut(push), 201)
}

function uploads(target: Target, name: string, query: URLSearchParams): string {
  return `${target.path(name, 'blobs/uploads/')}?${query.toString()}`
}
