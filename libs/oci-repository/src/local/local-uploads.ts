import type { Readable } from 'node:stream'
import type { BlobUpload, UploadId } from '@entrepot/blob-store'
import { type Clock, type Digest, RegistryError } from '@entrepot/kernel'
import type { Descriptor, ImageName } from '@entrepot/oci-model'
import type { BlobContent } from '../blob-content.js'
import { requirePartOf } from '../guard.js'
import type { UploadSession } from '../oci-repository.js'
import type { Reach } from '../reach.js'
import type { RequestContext } from '../request-context.js'
import type { UploadStore } from '../upload-store.js'
import type { UploadLocks } from './upload-locks.js'

/** How long an upload may lie before it is forgotten: a day and a bit, so that a nightly job may take up yesterday's. */
const uploadLifetimeMilliseconds = 26 * 60 * 60 * 1000

/** Where it is kept whose an upload is, and who brought what. */
interface UploadOwners {
  readonly records: UploadStore
  readonly reach: Reach
}

/** The running uploads of one repository, each bound to an image and a user. */
export class LocalUploads {
  constructor(
    private readonly content: BlobContent,
    private readonly owners: UploadOwners,
    private readonly locks: UploadLocks,
    private readonly clock: Clock,
  ) {}

  async start(image: ImageName, owner: string): Promise<UploadSession> {
    const upload = await this.content.store.createUpload()
    await this.owners.records.create({
      id: upload.id,
      repository: this.content.repository,
      image,
      owner,
      expiresAt: new Date(this.clock.now() + uploadLifetimeMilliseconds),
    })
    return new LocalUploadSession(upload, image, this.content, this.owners, this.locks)
  }

  async resume(image: ImageName, id: UploadId, owner: string): Promise<UploadSession | undefined> {
    const record = await this.owners.records.find(id)
    const mine =
      record?.repository === this.content.repository && record.image === image && record.owner === owner
    if (!mine || record.expiresAt.getTime() <= this.clock.now()) return undefined
    const upload = await this.content.store.resumeUpload(id)
    return upload === undefined
      ? undefined
      : new LocalUploadSession(upload, image, this.content, this.owners, this.locks)
  }
}

class LocalUploadSession implements UploadSession {
  constructor(
    private readonly upload: BlobUpload,
    private readonly image: ImageName,
    private readonly content: BlobContent,
    private readonly owners: UploadOwners,
    private readonly locks: UploadLocks,
  ) {}

  get id(): UploadId {
    return this.upload.id
  }

  get offset(): number {
    return this.upload.offset
  }

  append(chunk: Readable, expectedOffset: number | undefined, context: RequestContext): Promise<number> {
    return this.locks.run(this.id, async (takenOver) => {
      if (expectedOffset !== undefined && expectedOffset !== this.offset) {
        throw new RegistryError(
          'RANGE_INVALID',
          `the chunk starts at ${expectedOffset}, but ${this.offset} bytes have arrived: send the bytes from ${this.offset} on`,
          { detail: { expected: this.offset, actual: expectedOffset } },
        )
      }
      return this.upload.append(chunk, { signal: AbortSignal.any([context.signal, takenOver]) })
    })
  }

  commit(expected: Digest, context: RequestContext): Promise<Descriptor> {
    return this.locks.run(this.id, async () => {
      // The bytes may have been coming for hours: rights are those of now.
      requirePartOf(context, 'deploy', this.owners.reach.key, this.image)
      try {
        const kept = await this.content.keep(this.image, await this.upload.commit(expected))
        await this.owners.reach.claim(this.image, expected, context)
        await this.owners.records.delete(this.id)
        return this.content.handle(kept).descriptor
      } catch (error) {
        if (error instanceof RegistryError && error.code === 'DIGEST_INVALID')
          await this.owners.records.delete(this.id)
        throw error
      }
    })
  }

  cancel(): Promise<void> {
    return this.locks.run(this.id, async () => {
      await this.upload.cancel()
      await this.owners.records.delete(this.id)
    })
  }
}
