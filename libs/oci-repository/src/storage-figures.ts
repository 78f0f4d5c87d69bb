import type { RepositoryKey } from '@entrepot/repositories'

export interface RepositoryFigures {
  readonly key: RepositoryKey
  readonly images: number
  readonly tags: number
  readonly manifests: number
  /** Each once, in however many images it is. */
  readonly blobs: number
  /** Of these blobs and of the manifests. */
  readonly bytes: number
}

/** What is stored, as far as the database knows; a blob that several repositories have is stored once. */
export interface StorageSummary {
  readonly blobs: number
  readonly blobBytes: number
  readonly manifests: number
  readonly manifestBytes: number
  /** Every local and remote repository, by key. */
  readonly repositories: readonly RepositoryFigures[]
}

export interface StorageFigures {
  /** Counts what is there: not for every request. */
  summary(): Promise<StorageSummary>
}
