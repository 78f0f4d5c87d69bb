import type { Readable } from 'node:stream'
import type { UploadId } from '@entrepot/blob-store'
import { algorithmOf, type Digest, digestOf, RegistryError } from '@entrepot/kernel'
import { type Descriptor, mediaTypes } from '@entrepot/oci-model'
import type { UploadSession } from '@entrepot/oci-repository'

export class FakeUploadSession implements UploadSession {
  isOver = false
  /** When set, the next append fails with it at its first byte. */
  failure: Error | undefined
  #bytes = Buffer.alloc(0)

  constructor(
    readonly id: UploadId,
    readonly image: string,
    readonly owner: string,
    private readonly keep: (bytes: Buffer, digest: Digest) => void,
  ) {}

  get offset(): number {
    return this.#bytes.length
  }

  async append(chunk: Readable, expectedOffset: number | undefined): Promise<number> {
    if (expectedOffset !== undefined && expectedOffset !== this.offset) {
      throw new RegistryError('RANGE_INVALID', 'out of order')
    }
    for await (const part of chunk) {
      if (this.failure !== undefined) throw this.failure
      this.#bytes = Buffer.concat([this.#bytes, part as Buffer])
    }
    return this.offset
  }

  async commit(expected: Digest): Promise<Descriptor> {
    this.isOver = true
    const actual = digestOf(this.#bytes, algorithmOf(expected))
    if (actual !== expected) throw new RegistryError('DIGEST_INVALID', `the bytes have digest ${actual}`)
    this.keep(this.#bytes, expected)
    return { mediaType: mediaTypes.octetStream, digest: expected, size: this.#bytes.length }
  }

  async cancel(): Promise<void> {
    this.isOver = true
  }
}
