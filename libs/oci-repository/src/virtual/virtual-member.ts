import type { ImageName, Reference } from '@entrepot/oci-model'
import {
  PathFilter,
  type RepositoryConfig,
  type VirtualConfig,
  membersInOrder,
  type RepositoryKey,
} from '@entrepot/repositories'
import type { OciRepository } from '../oci-repository.js'

/** A local or remote repository as seen through a virtual one, nested virtuals and their patterns resolved. */
export interface VirtualMember {
  readonly repository: OciRepository
  /** The image is asked of the other members only when no member with priority has it. */
  readonly priority: boolean
  /** A remote whose failures are never passed over: Artifactory's field of that name. */
  readonly hardFail: boolean
  admits(image: ImageName, reference?: Reference): boolean
}

interface Lookup {
  config(key: RepositoryKey): RepositoryConfig | undefined
  repository(key: RepositoryKey): OciRepository | undefined
}

/**
 * The members in the order in which they are asked: those with priority first, however deep they are nested, else as
 * listed, nested virtual repositories in place of themselves. A cycle, which can't be saved, would end here all the same.
 */
export function flattenMembers(virtual: VirtualConfig, lookup: Lookup): readonly VirtualMember[] {
  const members = flatten(virtual, lookup, [], false)
  return [...members.filter(({ priority }) => priority), ...members.filter(({ priority }) => !priority)]
}

function flatten(
  virtual: VirtualConfig,
  lookup: Lookup,
  outer: readonly PathFilter[],
  priority: boolean,
  path: readonly RepositoryKey[] = [],
): readonly VirtualMember[] {
  if (path.includes(virtual.key)) return []
  const filters = [...outer, new PathFilter(virtual.includesPattern, virtual.excludesPattern)]
  const configs = membersInOrder(virtual, (key) => lookup.config(key))
  return configs.flatMap((config) => {
    const first = priority || config.priorityResolution
    if (config.rclass === 'virtual') return flatten(config, lookup, filters, first, [...path, virtual.key])
    const repository = lookup.repository(config.key)
    const hardFail = config.rclass === 'remote' && config.hardFail
    return repository === undefined
      ? []
      : [{ repository, priority: first, hardFail, admits: admitsAll(filters) }]
  })
}

function admitsAll(filters: readonly PathFilter[]): VirtualMember['admits'] {
  return (image, reference) =>
    filters.every((filter) =>
      reference?.kind === 'tag' ? filter.admitsTag(image, reference.tag) : filter.admitsImage(image),
    )
}
