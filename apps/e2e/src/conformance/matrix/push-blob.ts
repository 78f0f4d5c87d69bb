import { expect } from 'vitest'
import { expectStatus, withQuery, type Answer } from '../../support/registry-client.js'
import { digestLike } from './digests.js'
import type { Target } from './target.js'

const octets = { 'content-type': 'application/octet-stream' }

/** Where a blob goes, and the digest that is claimed for its bytes. */
export interface Push {
  readonly target: Target
  readonly name: string
  readonly digest: string
  readonly bytes: Buffer
}

export interface ChunkOptions {
  readonly count: number
  readonly lastInPut?: boolean
  readonly outOfOrder?: boolean
}

/** A way to push a blob; it gives the answer to the request that names the digest. */
export type PushBlob = (push: Push) => Promise<Answer>

export async function openUpload(target: Target, name: string): Promise<string> {
  const opened = expectStatus(await target.wire.send('POST', target.path(name, 'blobs/uploads/')), 202)
  expect(opened.headers.get('range')).toBe('0-0')
  expect(opened.headers.get('docker-upload-uuid')).not.toBeNull()
  return target.wire.pathOf(opened.headers.get('location'))
}

export const pushInPost: PushBlob = async ({ target, name, digest, bytes }) =>
  target.wire.send('POST', withDigest(target.path(name, 'blobs/uploads/'), digest), {
    headers: octets,
    body: bytes,
  })

export const pushInPut: PushBlob = async ({ target, name, digest, bytes }) =>
  target.wire.send('PUT', withDigest(await openUpload(target, name), digest), {
    headers: octets,
    body: bytes,
  })

/** One PATCH that says neither its range nor its size, then an empty PUT: docker's way. */
export const pushAsStream: PushBlob = async ({ target, name, digest, bytes }) => {
  const location = await openUpload(target, name)
  const patched = await target.wire.send('PATCH', location, { headers: octets, body: bytes, unsized: true })
  expectStatus(patched, 202)
  expect(patched.headers.get('range')).toBe(`0-${Math.max(bytes.length - 1, 0)}`)
  return target.wire.send('PUT', withDigest(nextLocation(target, patched), digest), { headers: octets })
}

export function pushInChunks(options: ChunkOptions): PushBlob {
  return async (push) => {
    const { target, name, digest, bytes } = push
    const size = Math.ceil(bytes.length / options.count)
    let location = await openUpload(target, name)
    for (let from = 0; from < bytes.length; from += size) {
      const inPut = (at: number): boolean => options.lastInPut === true && at + size >= bytes.length
      const sendChunk = async (at: number): Promise<Answer> =>
        target.wire.send(inPut(at) ? 'PUT' : 'PATCH', inPut(at) ? withDigest(location, digest) : location, {
          headers: { ...octets, 'content-range': `${at}-${Math.min(at + size, bytes.length) - 1}` },
          body: bytes.subarray(at, at + size),
        })
      if (options.outOfOrder === true) {
        // The chunk after the next one; where there is none, the first one again.
        const wrong = from + size < bytes.length ? from + size : 0
        expectRefusedChunk(await sendChunk(wrong))
        location = await recover(target, location, from)
      }
      const sent = await sendChunk(from)
      if (inPut(from)) return sent
      expectStatus(sent, 202)
      expect(sent.headers.get('range')).toBe(`0-${Math.min(from + size, bytes.length) - 1}`)
      location = nextLocation(target, sent)
    }
    return target.wire.send('PUT', withDigest(location, digest), { headers: octets })
  }
}

/** The ways in turn: a data set's blobs are pushed by all of them. */
export const pushWays: readonly PushBlob[] = [
  pushInPut,
  pushInPost,
  pushAsStream,
  pushInChunks({ count: 1 }),
  pushInChunks({ count: 3, lastInPut: true }),
]

/** Says that the push was taken, and that its `Location` gives the bytes at once. */
export async function expectCreated({ target, name, digest, bytes }: Push, answer: Answer): Promise<void> {
  expectStatus(answer, 201)
  expect(answer.headers.get('docker-content-digest')).toBe(digest)
  const path = target.wire.pathOf(answer.headers.get('location'))
  expect(decodeURIComponent(path)).toBe(target.path(name, `blobs/${digest}`))
  const stored = expectStatus(await target.wire.send('GET', path), 200)
  expect(stored.body.equals(bytes)).toBe(true)
}

/** HEAD and GET with the exact bytes and headers. */
export async function expectBlob({ target, name, digest, bytes }: Push): Promise<void> {
  for (const method of ['HEAD', 'GET']) {
    const answer = expectStatus(await target.wire.send(method, target.path(name, `blobs/${digest}`)), 200)
    expect(answer.headers.get('content-length')).toBe(String(bytes.length))
    expect(answer.headers.get('docker-content-digest')).toBe(digest)
    if (method === 'HEAD') expect(answer.body.length).toBe(0)
    else expect(digestLike(digest, answer.body)).toBe(digest)
  }
}

export async function expectNoBlob({ target, name, digest }: Omit<Push, 'bytes'>): Promise<void> {
  for (const method of ['HEAD', 'GET'])
    expectStatus(await target.wire.send(method, target.path(name, `blobs/${digest}`)), 404)
}

/** Deletes a blob, which must be gone when the answer has come. */
export async function deleteBlob(where: Omit<Push, 'bytes'>): Promise<void> {
  const { target, name, digest } = where
  expectStatus(await target.wire.send('DELETE', target.path(name, `blobs/${digest}`)), 202)
  await expectNoBlob(where)
}

export function withDigest(path: string, digest: string): string {
  return withQuery(path, `digest=${encodeURIComponent(digest)}`)
}

function nextLocation(target: Target, answer: Answer): string {
  return target.wire.pathOf(answer.headers.get('location'))
}

function expectRefusedChunk(answer: Answer): void {
  expectStatus(answer, 416)
  expect(answer.headers.get('content-length')).toBe(String(answer.body.length))
}

/** Asks the session how far it is, as a client does after 416. */
async function recover(target: Target, location: string, received: number): Promise<string> {
  const status = expectStatus(await target.wire.send('GET', location), 204)
  expect(status.headers.get('range')).toBe(`0-${Math.max(received - 1, 0)}`)
  return nextLocation(target, status)
}
