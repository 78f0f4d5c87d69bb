import type { RepositoryConfig, RepositoryKind } from '@entrepot/repositories'

export interface RepositoryListEntry {
  readonly key: string
  /** `LOCAL`: the list has it in capitals, and as `type`, where the single configuration has `rclass`. */
  readonly type: Uppercase<RepositoryKind>
  readonly description: string
  /** The upstream's of a remote, otherwise the repository's own. */
  readonly url: string
  /** `Docker`: capitalised in the list only. */
  readonly packageType: 'Docker'
}

/** @param baseUrl of this server, without a slash at the end */
export function repositoryListEntry(config: RepositoryConfig, baseUrl: string): RepositoryListEntry {
  return {
    key: config.key,
    type: config.rclass.toUpperCase() as Uppercase<RepositoryKind>,
    description: config.description,
    url: config.rclass === 'remote' ? config.url : `${baseUrl}/artifactory/${config.key}`,
    packageType: 'Docker',
  }
}
