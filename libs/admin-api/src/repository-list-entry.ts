import type { RepositoryConfig, RepositoryKind } from '@entrepot/repositories'

export interface RepositoryListEntry {
  readonly key: string
  /** `LOCAL`: the list has it in capitals, and as `type`, where the single configuration has `rclass`. */
  readonly type: Uppercase<RepositoryKind>
  readonly description: string
  /** The upstream's of a remote, for who may see it, otherwise the repository's own. */
  readonly url: string
  /** `Docker`: capitalised in the list only. */
  readonly packageType: 'Docker'
}

/**
 * @param baseUrl of this server, without a slash at the end
 * @param withUpstream whether the address of a remote's upstream may be shown
 */
export function repositoryListEntry(
  config: RepositoryConfig,
  baseUrl: string,
  withUpstream: boolean,
): RepositoryListEntry {
  return {
    key: config.key,
    type: config.rclass.toUpperCase() as Uppercase<RepositoryKind>,
    description: config.description,
    url: config.rclass === 'remote' && withUpstream ? config.url : `${baseUrl}/artifactory/${config.key}`,
    packageType: 'Docker',
  }
}
