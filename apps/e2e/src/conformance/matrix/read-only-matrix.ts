import { describe } from 'vitest'
import { expectStatus } from '../../support/registry-client.js'
import { noise } from '../../support/images.js'
import { pushDataSet } from './data-matrix.js'
import type { DataSet } from './data-set.js'
import { algorithms, digestOf } from './digests.js'
import { pushInPut, type Push } from './push-blob.js'
import { registerRanges, rangesAsked } from './ranges.js'
import { registerReading } from './read-data-set.js'
import type { Target } from './target.js'

const rangeName = 'read/ranges'

/** Content that is put upstream once and read through every repository that only reads. */
export class Preload {
  constructor(
    readonly sets: readonly DataSet[],
    private readonly seed: string,
  ) {}

  async push(upstream: Target): Promise<void> {
    for (const set of this.sets) await pushDataSet(upstream, this.nameOf(upstream, set), set)
    for (const algorithm of algorithms)
      for (const range of rangesAsked) {
        const { digest, bytes } = this.blob(algorithm, range)
        const push = { target: upstream, name: upstream.name(rangeName), digest, bytes }
        expectStatus(await pushInPut(push), 201)
      }
  }

  /** The GET and HEAD parts of the matrix; ranges come first, while their blobs are cold. */
  register(target: Target, sets = this.sets): void {
    describe.each(algorithms)('a %s blob asked by range', (algorithm) => {
      registerRanges((range): Push => {
        const { digest, bytes } = this.blob(algorithm, range)
        return { target, name: target.name(rangeName), digest, bytes }
      })
    })
    for (const set of sets)
      describe(set.title, () => {
        registerReading(target, this.nameOf(target, set), set)
      })
  }

  /** A name for each: several sets have a tag of the same name. */
  private nameOf(target: Target, set: DataSet): string {
    return target.name(`read/data-${this.sets.indexOf(set)}`)
  }

  private blob(
    algorithm: (typeof algorithms)[number],
    range: string,
  ): { readonly digest: string; readonly bytes: Buffer } {
    const bytes = noise(2_048, `${this.seed} ${algorithm} ${range}`)
    return { digest: digestOf(algorithm, bytes), bytes }
  }
}
