import { createHash } from 'node:crypto'
import type { Digest } from '@entrepot/kernel'
import { digestReference, type ImageName } from '@entrepot/oci-model'
import type { OciRepositoryDirectory } from '../oci-repository-directory.js'
import type { RequestContext } from '../request-context.js'

/** SHA-1 of content, in hexadecimal, by its digest. */
export interface ContentChecksumStore {
  find(digests: readonly Digest[]): Promise<ReadonlyMap<Digest, string>>
  /** What is known already stays. */
  add(sums: ReadonlyMap<Digest, string>): Promise<void>
}

/** Where some content can be read. */
export interface ReadableContent {
  readonly repository: string
  readonly image: ImageName
  readonly digest: Digest
  readonly size: number
  readonly isManifest: boolean
}

interface Reading {
  readonly sum: Promise<string | undefined>
  /** Of who began it. */
  readonly signal: AbortSignal
}

/** How many bytes are read for one request; then the rest has no SHA-1 until it is asked for again. */
export const maximumReadForChecksums = 4 * 1024 ** 3

const pieceBytes = 1024 * 1024

/**
 * Nothing here goes by SHA-1, but clients of Artifactory tell content apart by it. It is computed when it is first asked
 * for, once for each content, so that a push doesn't pay for what most never ask.
 */
export class ContentChecksums {
  /** By digest: two that ask at once wait for one reading. */
  readonly #running = new Map<Digest, Reading>()

  constructor(
    private readonly store: ContentChecksumStore,
    private readonly repositories: OciRepositoryDirectory,
  ) {}

  /**
   * Without those that can't be read any more, or would be too much to read for one request.
   * @throws the reason of the context's signal when the client has left
   */
  async of(
    contents: readonly ReadableContent[],
    context: RequestContext,
  ): Promise<ReadonlyMap<Digest, string>> {
    const once = new Map(contents.map((content) => [content.digest, content]))
    const known = new Map(await this.store.find([...once.keys()]))
    let left = maximumReadForChecksums
    for (const [digest, content] of once) {
      if (known.has(digest) || content.size > left) continue
      context.signal.throwIfAborted()
      left -= content.size
      const sum = await this.#computed(content, context)
      if (sum !== undefined) known.set(digest, sum)
    }
    return known
  }

  async #computed(content: ReadableContent, context: RequestContext): Promise<string | undefined> {
    const { digest } = content
    for (;;) {
      const running = this.#running.get(digest)
      if (running === undefined) break
      try {
        return await running.sum
      } catch (error) {
        // Who began it has left: the next goes on.
        if (!running.signal.aborted) throw error
        context.signal.throwIfAborted()
      }
    }
    const sum = this.#read(content, context).finally(() => this.#running.delete(digest))
    this.#running.set(digest, { sum, signal: context.signal })
    return sum
  }

  async #read({ repository, image, digest, isManifest }: ReadableContent, context: RequestContext) {
    const stored = this.repositories.find(repository)?.stored
    if (stored === undefined) return undefined
    const hash = createHash('sha1')
    if (isManifest) {
      const found = await stored.manifest(image, digestReference(digest), context)
      if (found === undefined) return undefined
      hash.update(found.value.bytes)
    } else {
      const found = await stored.storedBlob(image, digest, context)
      if (found === undefined) return undefined
      const body = await found.value.open()
      const piece = Buffer.allocUnsafe(pieceBytes)
      try {
        for (let length = await body.read(piece); length > 0; length = await body.read(piece)) {
          context.signal.throwIfAborted()
          hash.update(piece.subarray(0, length))
        }
      } finally {
        await body.close()
      }
    }
    const sum = hash.digest('hex')
    await this.store.add(new Map([[digest, sum]]))
    return sum
  }
}
