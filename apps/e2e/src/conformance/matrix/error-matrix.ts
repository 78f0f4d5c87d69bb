import { describe, expect, it } from 'vitest'
import { ociIndex, ociManifest } from '../../support/images.js'
import { expectStatus } from '../../support/registry-client.js'
import { putManifest } from './data-matrix.js'
import { DataSet, type ManifestData } from './data-set.js'
import { digestOf } from './digests.js'
import { expectError } from './known-errors.js'
import { expectCreated, openUpload, pushInPut, withDigest } from './push-blob.js'
import { askReferrers, expectReferrers, listTags } from './read-data-set.js'
import type { Target } from './target.js'

const badDigest = 'sha256:baddigeststring'
const absent = digestOf('sha256', 'nobody has this')

/** What is refused by every repository, writable or not. */
export function registerReadErrors(target: Target): void {
  const name = target.name('errors/none')
  const get = async (rest: string): ReturnType<typeof target.wire.send> =>
    target.wire.send('GET', target.path(name, rest))

  describe('asked for what is not there', () => {
    it('answers the base of the API', async () => {
      const base = expectStatus(await target.wire.send('GET', target.base), 200)
      expect(base.headers.get('docker-distribution-api-version')).toBe('registry/2.0')
    })

    it('asks for a login where there is none', async () => {
      expectError(await target.wire.sendAnonymously('GET', target.base), [401], ['UNAUTHORIZED'])
      const path = target.path(name, 'tags/list')
      expectError(await target.wire.sendAnonymously('GET', path), [401], ['UNAUTHORIZED'])
    })

    it('says that an unknown name has no tags, or is not known', async () => {
      const answer = await get('tags/list')
      if (answer.status === 404) expectError(answer, [404], ['NAME_UNKNOWN'])
      else expect(await listTags(target, name)).toEqual([])
    })

    it.each([absent, digestOf('sha512', 'nobody has this')])(
      'says that nothing refers to %s, even under an unknown name',
      async (digest) => {
        expect(expectReferrers(await askReferrers(target, name, digest))).toEqual([])
      },
    )

    it.each(['absent', absent])('has no manifest %s', async (reference) => {
      expectError(await get(`manifests/${reference}`), [404], ['MANIFEST_UNKNOWN', 'NAME_UNKNOWN'])
      const head = await target.wire.send('HEAD', target.path(name, `manifests/${reference}`))
      expect([head.status, head.body.length]).toEqual([404, 0])
    })

    it('has no blob', async () => {
      expectError(await get(`blobs/${absent}`), [404], ['BLOB_UNKNOWN', 'NAME_UNKNOWN'])
    })

    it.each(['manifests', 'blobs', 'referrers'])('refuses a malformed digest of %s', async (kind) => {
      expectError(
        await get(`${kind}/${badDigest}`),
        [400, 404],
        ['DIGEST_INVALID', 'MANIFEST_INVALID', 'MANIFEST_UNKNOWN', 'BLOB_UNKNOWN'],
      )
    })

    it.each(['-1', 'x', '1.5'])('refuses a page of %s tags', async (n) => {
      expectError(await get(`tags/list?n=${n}`), [400, 404], ['PAGINATION_NUMBER_INVALID', 'NAME_UNKNOWN'])
    })

    it('refuses a name in upper case', async () => {
      const answer = await target.wire.send('GET', target.path(target.name('Upper/Case'), 'tags/list'))
      expectError(answer, [400], ['NAME_INVALID'])
    })
  })
}

/** What a push may not do, and what is refused of deletes. */
export function registerPushErrors(target: Target): void {
  const name = target.name('errors/one')
  const put = async (
    reference: string,
    body: string,
    mediaType = ociManifest,
  ): ReturnType<typeof putManifest> =>
    putManifest(target, name, reference, { bytes: Buffer.from(body), mediaType })
  const descriptor = { mediaType: 'application/octet-stream', digest: absent, size: 5 }

  describe('of pushes and deletes', () => {
    it('refuses a manifest whose digest is another one, and keeps nothing', async () => {
      const { manifest } = await pushBlobsOf(target, name, 'another digest')
      const spoilt = { ...manifest, bytes: Buffer.concat([manifest.bytes, Buffer.from('  ')]) }
      expectError(await putManifest(target, name, manifest.digest, spoilt), [400], ['DIGEST_INVALID'])
      expectStatus(await target.wire.send('GET', target.path(name, `manifests/${manifest.digest}`)), 404)
    })

    it('refuses a manifest under a malformed digest', async () => {
      const { manifest } = await pushBlobsOf(target, name, 'malformed digest')
      expectError(await putManifest(target, name, badDigest, manifest), [400], ['DIGEST_INVALID'])
    })

    it('refuses a manifest under a tag that is none', async () => {
      const { manifest } = await pushBlobsOf(target, name, 'no tag')
      const codes = ['TAG_INVALID', 'MANIFEST_INVALID']
      expectError(await putManifest(target, name, '.hidden', manifest), [400, 404], codes)
      expectError(await putManifest(target, name, 'x'.repeat(129), manifest), [400, 404], codes)
    })

    it('names the blobs that a manifest lacks', async () => {
      const body = JSON.stringify({ schemaVersion: 2, config: descriptor, layers: [descriptor] })
      expectError(await put('lacks-blobs', body), [400], ['MANIFEST_BLOB_UNKNOWN'])
    })

    it('takes an index that lacks children, or names them', async () => {
      const child = { ...descriptor, mediaType: ociManifest }
      const answer = await put('sparse', JSON.stringify({ schemaVersion: 2, manifests: [child] }), ociIndex)
      if (answer.status !== 201) expectError(answer, [400], ['MANIFEST_BLOB_UNKNOWN'])
    })

    it.each([
      ['that is not JSON', '{"schemaVersion": 2,'],
      ['that is empty', ''],
      ['that is a list', '[]'],
      ['of another schema', '{"schemaVersion":3,"layers":[]}'],
      [
        'with a malformed descriptor',
        '{"schemaVersion":2,"config":{"digest":"sha256:zz","size":1},"layers":[]}',
      ],
      ['that names layers and manifests', '{"schemaVersion":2,"layers":[],"manifests":[]}'],
    ])('refuses a manifest %s', async (_, body) => {
      expectError(await put('refused', body), [400], ['MANIFEST_INVALID'])
      expectStatus(await target.wire.send('HEAD', target.path(name, 'manifests/refused')), 404)
    })

    it('refuses a manifest whose media type is not that of the request', async () => {
      const body = JSON.stringify({ schemaVersion: 2, mediaType: ociIndex, manifests: [] })
      expectError(await put('other-type', body, ociManifest), [400], ['MANIFEST_INVALID'])
    })

    it('refuses a manifest above its limit with 413', async () => {
      const annotations = { large: 'A'.repeat(5_000_000) }
      const body = JSON.stringify({ schemaVersion: 2, manifests: [], annotations })
      expectError(await put('too-large', body, ociIndex), [413], ['SIZE_INVALID', 'MANIFEST_INVALID'])
    })

    it('refuses an upload under a name in upper case', async () => {
      const answer = await target.wire.send('POST', target.path(target.name('Upper/Case'), 'blobs/uploads/'))
      expectError(answer, [400], ['NAME_INVALID'])
    })

    it.each(['GET', 'PATCH', 'PUT', 'DELETE'])('knows no other upload session: %s', async (method) => {
      const other = '00000000-0000-4000-8000-000000000000'
      const session = target.path(name, `blobs/uploads/${other}`)
      const path = method === 'PUT' ? withDigest(session, absent) : session
      expectError(await target.wire.send(method, path), [404], ['BLOB_UPLOAD_UNKNOWN'])
    })

    it.each(['', badDigest, 'md5:d41d8cd98f00b204e9800998ecf8427e'])(
      'refuses to end an upload with the digest %j',
      async (digest) => {
        const location = await openUpload(target, name)
        expectError(await target.wire.send('PUT', withDigest(location, digest)), [400], ['DIGEST_INVALID'])
      },
    )

    it('says which methods a route has', async () => {
      const answer = await target.wire.send('PATCH', target.path(name, 'tags/list'))
      expectError(answer, [405], ['UNSUPPORTED'])
      expect(answer.headers.get('allow')).toContain('GET')
    })

    it.each(['manifests/absent', `manifests/${absent}`, `blobs/${absent}`])(
      'has nothing to delete at %s',
      async (rest) => {
        const codes = ['MANIFEST_UNKNOWN', 'BLOB_UNKNOWN', 'NAME_UNKNOWN']
        expectError(await target.wire.send('DELETE', target.path(name, rest)), [404], codes)
      },
    )

    it('takes all tags of a manifest that is deleted by digest, and no others', async () => {
      const { manifest, blobs } = await pushBlobsOf(target, name, 'all tags')
      for (const tag of ['first', 'second']) expectStatus(await putManifest(target, name, tag, manifest), 201)
      const kept = new DataSet('kept', target.title)
      const layers = [...blobs].map(([digest, { length }]) => ({
        mediaType: 'application/octet-stream',
        digest,
        size: length,
      }))
      const [config] = layers
      if (config !== undefined) kept.image({ config, layers, tag: 'kept' })
      for (const one of kept.manifests) expectStatus(await putManifest(target, name, 'kept', one), 201)

      expectStatus(await target.wire.send('DELETE', target.path(name, `manifests/${manifest.digest}`)), 202)
      expect((await listTags(target, name)).filter((tag) => tag !== 'sparse')).toEqual(['kept'])
      for (const tag of ['first', 'second'])
        expectStatus(await target.wire.send('GET', target.path(name, `manifests/${tag}`)), 404)
    })

    it('pages of no tags are empty, and pages past the end too', async () => {
      expect(await listTags(target, name, '?n=0')).toEqual([])
      expect(await listTags(target, name, '?last=zzzz')).toEqual([])
      expect(await listTags(target, name, '?n=10000')).toEqual(await listTags(target, name))
    })
  })
}

/** Pushes are refused by a repository that only reads. */
export function registerRefusedPushes(target: Target): void {
  const name = target.name('errors/refused')
  it('takes no push', async () => {
    const opened = await target.wire.send('POST', target.path(name, 'blobs/uploads/'))
    expectError(opened, [403, 405], ['DENIED', 'UNSUPPORTED'])
    const body = Buffer.from('{"schemaVersion":2,"manifests":[]}')
    const put = await putManifest(target, name, 'refused', { bytes: body, mediaType: ociIndex })
    expectError(put, [403, 405], ['DENIED', 'UNSUPPORTED'])
  })
}

/** An image whose blobs are there, and whose manifest is still to be pushed. */
async function pushBlobsOf(
  target: Target,
  name: string,
  seed: string,
): Promise<{ manifest: ManifestData; blobs: ReadonlyMap<string, Buffer> }> {
  const set = new DataSet(seed, target.title)
  set.image()
  for (const [digest, bytes] of set.blobs) {
    const push = { target, name, digest, bytes }
    await expectCreated(push, await pushInPut(push))
  }
  const [manifest] = set.manifests
  if (manifest === undefined) throw new Error('an image has a manifest')
  return { manifest, blobs: set.blobs }
}
