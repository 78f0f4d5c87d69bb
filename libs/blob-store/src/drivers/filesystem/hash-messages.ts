import type { DigestAlgorithm } from '@entrepot/kernel'

/** What a hash thread is asked; it answers in order, and `forget` not at all. */
export type HashRequest =
  | {
      readonly kind: 'read'
      readonly id: number
      readonly algorithm: DigestAlgorithm
      /** Open in this process until the answer has come. */
      readonly descriptor: number
      /** Where the last read of this hash ended; 0 begins it anew. */
      readonly start: number
      readonly end: number
    }
  | { readonly kind: 'digest'; readonly id: number }
  | { readonly kind: 'forget'; readonly id: number }

export interface HashAnswer {
  readonly id: number
  readonly hex?: string
  readonly error?: unknown
}
