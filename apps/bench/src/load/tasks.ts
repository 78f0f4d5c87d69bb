/** Where a load goes: `path` is the registry API's prefix of one image, such as `/v2/team/app`. */
export interface Target {
  readonly host: string
  readonly port: number
  readonly path: string
  readonly authorization: string | undefined
}

/** A blob made of one block over and over, and a last block of its own by which it differs from all others. */
export interface BlobSpec {
  /** A whole number of MiB. */
  readonly mebibytes: number
  /** Blobs with the same name and size are the same. */
  readonly name: string
}

/** `patch`: POST, PATCH in chunks, PUT, as docker does. `put`: POST, then one PUT with everything. */
export type UploadMode = 'patch' | 'put'

export type Task =
  | {
      readonly kind: 'download'
      readonly target: Target
      readonly blob: BlobSpec
      readonly clients: number
      /** How often each client fetches the blob over its one connection. */
      readonly times: number
      /** Hash what arrives: for one pass outside any measurement. */
      readonly verify: boolean
    }
  | {
      readonly kind: 'upload'
      readonly target: Target
      readonly blobs: readonly BlobSpec[]
      readonly clients: number
      readonly mode: UploadMode
    }
  | {
      readonly kind: 'mixed'
      readonly target: Target
      readonly download: BlobSpec
      readonly downloads: number
      readonly uploads: readonly BlobSpec[]
    }
  | {
      readonly kind: 'requests'
      readonly target: Target
      /** What follows `target.path`. */
      readonly path: string
      /** Such as `Accept: text/plain`. */
      readonly headers: readonly string[]
      readonly connections: number
      readonly seconds: number
    }
  | { readonly kind: 'digest'; readonly blob: BlobSpec }

/** `work` is bytes, or requests for `requests`; `digest` is the answer to `digest`. */
export interface TaskResult {
  readonly seconds: number
  readonly work: number
  readonly digest?: string
}

export type TaskAnswer = { readonly result: TaskResult } | { readonly error: string }
