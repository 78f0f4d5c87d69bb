import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { type Digest, digestOf } from '@entrepot/kernel'
import { userId, userPrincipal } from '@entrepot/kernel/testing'
import { mediaTypes, parseReference } from '@entrepot/oci-model'
import type { RepositoryKey } from '@entrepot/repositories'
import { localConfig, virtualConfig } from '@entrepot/repositories/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { OciWriter } from '../oci-repository.js'
import type { RequestContext } from '../request-context.js'
import { Workbench, imageOf, nameOf } from '../testing/workbench.js'

const app = nameOf('team/app')
const denied = { code: 'DENIED' }
const unknown = { code: 'MANIFEST_BLOB_UNKNOWN' }

describe('writing to a repository with rights to some tags', () => {
  let bench: Workbench
  let writer: OciWriter
  let developer: RequestContext

  beforeEach(async () => {
    bench = new Workbench()
    await bench.add(
      localConfig('local'),
      localConfig('other'),
      virtualConfig('all', ['local', 'other'], { defaultDeploymentRepo: 'local' as RepositoryKey }),
    )
    writer = bench.repository('local').writer as OciWriter
    developer = bench.toTags('dev', { actions: ['read', 'deploy', 'delete'], tags: /^dev-/ })
  })
  afterEach(() => bench.close())

  async function upload(bytes: Buffer, context: RequestContext, to = writer): Promise<Digest> {
    const session = await to.startUpload(app, context)
    const resumed = await to.resumeUpload(app, session.id, context)
    await resumed!.append(Readable.from([bytes]), undefined, context)
    return (await resumed!.commit(digestOf(bytes), context)).digest
  }
  const put = (reference: string, bytes: Buffer, context = developer, to = writer) =>
    to.putManifest(app, parseReference(reference), { bytes, contentType: undefined, tags: [] }, context)

  test('takes a push to such a tag, and refuses it to another', async () => {
    const layer = randomBytes(32)
    await upload(layer, developer)
    await upload(Buffer.from('{}'), developer)
    await expect(put('dev-1', imageOf([layer]))).resolves.toBeDefined()
    await expect(put('release-1', imageOf([layer]))).rejects.toMatchObject(denied)
    await expect(put(digestOf(imageOf([layer])), imageOf([layer]))).resolves.toBeDefined()
    const stranger = bench.toTags('eve', { actions: ['read'], tags: /^dev-/ })
    await expect(writer.startUpload(app, stranger)).rejects.toMatchObject(denied)
    await expect(put(digestOf(imageOf([layer])), imageOf([layer]), stranger)).rejects.toMatchObject(denied)
  })

  test('moves no tag without the right to overwrite it, and takes the same manifest again', async () => {
    const { digest } = await bench.pushImage('local', 'team/app', 'dev-1')
    const found = await bench.pull('local', 'team/app', 'dev-1')
    await expect(put('dev-1', found!.value.bytes)).resolves.toMatchObject({ digest })
    await upload(Buffer.from('{}'), developer)
    const moving = put('dev-1', imageOf([]))
    await expect(moving).rejects.toMatchObject({
      ...denied,
      message: expect.stringContaining('team/app:dev-1') as string,
    })
    expect((await bench.pull('local', 'team/app', 'dev-1'))?.value.digest).toBe(digest)
    const overwriter = bench.toTags('dev', { actions: ['read', 'deploy', 'overwrite'], tags: /^dev-/ })
    await expect(put('dev-1', imageOf([]), overwriter)).resolves.toBeDefined()
  })

  test('changes no type of a manifest without the right to overwrite its tags', async () => {
    const bytes = Buffer.from(JSON.stringify({ ...JSON.parse(imageOf([]).toString()), mediaType: undefined }))
    await bench.pushBlob('local', 'team/app', Buffer.from('{}'))
    const { digest } = await bench.pushManifest('local', 'team/app', 'release-1', bytes)
    const push = { bytes, contentType: 'application/vnd.example+json', tags: [] }
    const typeNow = async () => (await bench.pull('local', 'team/app', 'release-1'))?.value.mediaType
    const retype = (reference: string, context: RequestContext) =>
      writer.putManifest(app, parseReference(reference), push, context)

    const reading = { actions: ['read'] } as const
    const deploying = { actions: ['deploy', 'overwrite'], tags: /^dev-/ } as const
    for (const reference of [digest, 'dev-1']) {
      const attempt = retype(reference, bench.toTags('dev', reading, deploying))
      await expect(attempt).rejects.toMatchObject(denied)
    }
    expect(await typeNow()).toBe(mediaTypes.ociManifest)
    expect(await bench.pull('local', 'team/app', 'dev-1')).toBeUndefined()
    const owner = bench.toTags('ann', reading, { ...deploying, tags: /^release-/ })
    await expect(retype(digest, owner)).resolves.toBeDefined()
    expect(await typeNow()).toBe('application/vnd.example+json')
  })

  test('gives no right to what is secret by referring to it', async () => {
    const secret = await bench.pushImage('local', 'team/app', 'release-1')
    const { layers, config } = JSON.parse(
      (await bench.pull('local', 'team/app', 'release-1'))!.value.bytes.toString(),
    ) as { layers: [{ digest: Digest }]; config: { digest: Digest } }
    const stealing = imageOf([])
    const withLayer = Buffer.from(JSON.stringify({ ...JSON.parse(stealing.toString()), layers, config }))
    await expect(put('dev-1', withLayer)).rejects.toMatchObject(unknown)
    const index = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: mediaTypes.ociIndex,
        manifests: [{ mediaType: mediaTypes.ociManifest, digest: secret.digest, size: 2 }],
      }),
    )
    await expect(put('dev-1', index)).rejects.toMatchObject(unknown)
    const from = { repository: bench.repository('local'), image: app }
    expect(await writer.mount(app, layers[0].digest, from, developer)).toBeUndefined()
    expect(await writer.mount(app, layers[0].digest, undefined, developer)).toBeUndefined()
  })

  test('hangs nothing on a subject that its pusher may not read, there or not', async () => {
    const secret = await bench.pushImage('local', 'team/app', 'release-1')
    await upload(Buffer.from('{}'), developer)
    const mine = await put('dev-1', imageOf([]))
    const signature = (subject: Digest) =>
      imageOf([], { subject: { mediaType: mediaTypes.ociManifest, digest: subject, size: 2 } })
    for (const subject of [secret.digest, digestOf(Buffer.from('never there'))]) {
      const bytes = signature(subject)
      await expect(put(digestOf(bytes), bytes)).rejects.toMatchObject({
        ...unknown,
        message: `${subject} is not in this repository: push it before the manifest`,
      })
      await expect(put(digestOf(bytes), bytes, bench.context())).resolves.toMatchObject({ subject })
    }
    const bytes = signature(mine.digest)
    await expect(put(digestOf(bytes), bytes)).resolves.toMatchObject({ subject: mine.digest })
  })

  test('lets who has the bytes of a shared layer push it again, for a day', async () => {
    const shared = randomBytes(32)
    const bytes = imageOf([shared])
    await bench.pushBlob('local', 'team/app', shared)
    await bench.pushBlob('local', 'team/app', Buffer.from('{}'))
    await bench.pushManifest('local', 'team/app', 'release-1', bytes)
    const mine = imageOf([shared], { annotations: { of: 'dev' } })
    await expect(put('dev-1', mine)).rejects.toMatchObject(unknown)
    await upload(shared, developer)
    await upload(Buffer.from('{}'), developer)
    expect(await bench.blob('local', 'team/app', digestOf(shared), developer)).toBeDefined()
    const other = { ...developer, principal: userPrincipal('other') }
    await expect(put('dev-2', mine, other)).rejects.toMatchObject(unknown)
    bench.clock.advance(27 * 3600)
    await expect(put('dev-1', mine)).rejects.toMatchObject(unknown)
    await upload(shared, developer)
    await upload(Buffer.from('{}'), developer)
    await expect(put('dev-1', mine)).resolves.toBeDefined()
  })

  test('takes an index of images that were just pushed by digest', async () => {
    const layer = randomBytes(32)
    await upload(layer, developer)
    await upload(Buffer.from('{}'), developer)
    const child = await put(digestOf(imageOf([layer])), imageOf([layer]))
    const index = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: mediaTypes.ociIndex,
        manifests: [{ mediaType: mediaTypes.ociManifest, digest: child.digest, size: 2 }],
      }),
    )
    await expect(put('dev-1', index)).resolves.toBeDefined()
  })

  test('links through a virtual what another member lets read, and nothing else', async () => {
    await bench.pushImage('other', 'team/app', 'dev-1')
    await bench.pushImage('other', 'team/app', 'release-1')
    const bytesOf = async (tag: string) => (await bench.pull('other', 'team/app', tag))!.value.bytes
    const virtual = bench.repository('all').writer as OciWriter
    await expect(put('dev-1', await bytesOf('dev-1'), developer, virtual)).resolves.toBeDefined()
    await expect(put('dev-2', await bytesOf('release-1'), developer, virtual)).rejects.toMatchObject(unknown)
  })

  test('deletes such a tag only, and a digest only when all its tags are such', async () => {
    const { digest } = await bench.pushImage('local', 'team/app', 'dev-1')
    const bytes = (await bench.pull('local', 'team/app', 'dev-1'))!.value.bytes
    await bench.pushManifest('local', 'team/app', 'release-1', bytes)
    const remove = (reference: string) => writer.deleteManifest(app, parseReference(reference), developer)
    await expect(remove('release-1')).rejects.toMatchObject(denied)
    await expect(remove(digest)).rejects.toMatchObject(denied)
    expect(await remove('dev-1')).toEqual({ digest, tags: ['dev-1'] })
    expect(await remove('dev-1')).toBeUndefined()
    const own = await bench.pushImage('local', 'team/app', 'dev-2')
    expect(await remove(own.digest)).toEqual({ digest: own.digest, tags: ['dev-2'] })
    for (const digestOfNone of [own.digest, digestOf(Buffer.from('never there'))]) {
      await expect(remove(digestOfNone)).rejects.toMatchObject(denied)
    }
    await expect(writer.deleteBlob(app, digestOf(Buffer.from('{}')), developer)).rejects.toMatchObject(denied)
  })

  test('deletes no digest that got another tag between the look and the deletion', async () => {
    const { digest } = await bench.pushImage('local', 'team/app', 'dev-1')
    const { bytes } = (await bench.pull('local', 'team/app', 'dev-1'))!.value
    const { tagsReaching } = bench.manifests
    bench.manifests.tagsReaching = async (...key) => {
      const tags = await tagsReaching.apply(bench.manifests, key)
      await bench.pushManifest('local', 'team/app', 'release-1', bytes)
      return tags
    }
    await expect(writer.deleteManifest(app, parseReference(digest), developer)).rejects.toMatchObject(denied)
    expect(await bench.pull('local', 'team/app', 'release-1')).toBeDefined()
  })

  test('deletes no part of an index whose tag may not be deleted', async () => {
    const child = await bench.pushImage('local', 'team/app', 'dev-1')
    const index = {
      schemaVersion: 2,
      mediaType: mediaTypes.ociIndex,
      manifests: [{ mediaType: mediaTypes.ociManifest, digest: child.digest, size: 2 }],
    }
    await bench.pushManifest('local', 'team/app', 'release-1', Buffer.from(JSON.stringify(index)))
    const removal = writer.deleteManifest(app, parseReference(child.digest), developer)
    await expect(removal).rejects.toMatchObject(denied)
  })

  test('keeps no blob for who lost the right while its bytes were coming', async () => {
    const bytes = randomBytes(32)
    const session = await writer.startUpload(app, developer)
    await session.append(Readable.from([bytes]), undefined, developer)
    const withdrawn = bench.toTags('dev', { actions: ['read'], tags: /^dev-/ })
    await expect(session.commit(digestOf(bytes), withdrawn)).rejects.toMatchObject(denied)
    expect(await bench.blob('local', 'team/app', digestOf(bytes))).toBeUndefined()
    expect(await session.commit(digestOf(bytes), developer)).toMatchObject({ digest: digestOf(bytes) })
  })

  test('leaves an upload to the user that began it, not to the next one of that name', async () => {
    const session = await writer.startUpload(app, developer)
    const namesake = { ...developer, principal: userPrincipal('dev', { id: userId('another') }) }
    expect(await writer.resumeUpload(app, session.id, namesake)).toBeUndefined()
    expect(await writer.resumeUpload(app, session.id, developer)).toBeDefined()
  })
})
