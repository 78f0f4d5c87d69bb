import type { Digest } from '@entrepot/kernel'

export type Annotations = Readonly<Record<string, string>>

/** What content is, before any of its bytes. image-spec, descriptor.md. */
export interface Descriptor {
  readonly mediaType: string
  readonly digest: Digest
  /** In bytes. */
  readonly size: number
  readonly artifactType?: string
  readonly annotations?: Annotations
}
