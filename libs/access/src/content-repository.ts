export type RepositoryKind = 'local' | 'remote' | 'virtual'

/** A repository that holds content. */
export interface ContentRepository {
  readonly key: string
  readonly kind: Exclude<RepositoryKind, 'virtual'>
}
