import type { ImageName, Reference } from '@entrepot/oci-model'
import {
  PathFilter,
  type RepositoryConfig,
  type VirtualConfig,
  membersInOrder,
  type RepositoryKey,
} from '@entrepot/repositories'
import { admitsReference } from '../admits-reference.js'
import type { OciRepository } from '../oci-repository.js'

/** A local or remote repository as seen through a virtual one, nested virtuals and their patterns resolved. */
export interface VirtualMember {
  readonly repository: OciRepository
  /** The image is asked of the other members only when no member with priority has it. */
  readonly priority: boolean
  /** A remote whose failures are never passed over: Artifactory's field of that name. */
  readonly hardFail: boolean
  admits(image: ImageName, reference?: Reference): boolean
  /** The virtual repositories on the way to it, the outermost first. */
  readonly through: readonly VirtualConfig[]
  /** That of them whose patterns leave it out. */
  refusedBy(image: ImageName, reference?: Reference): VirtualConfig | undefined
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
  outer: readonly Passage[],
  priority: boolean,
): readonly VirtualMember[] {
  if (outer.some(({ config }) => config.key === virtual.key)) return []
  const filter = new PathFilter(virtual.includesPattern, virtual.excludesPattern)
  const passages = [...outer, { config: virtual, filter }]
  const configs = membersInOrder(virtual, (key) => lookup.config(key))
  return configs.flatMap((config) => {
    const first = priority || config.priorityResolution
    if (config.rclass === 'virtual') return flatten(config, lookup, passages, first)
    const repository = lookup.repository(config.key)
    return repository === undefined ? [] : [memberOf(repository, first, isHardFail(config), passages)]
  })
}

/** A virtual repository on the way to a member, and what it lets through. */
interface Passage {
  readonly config: VirtualConfig
  readonly filter: PathFilter
}

function isHardFail(config: RepositoryConfig): boolean {
  return config.rclass === 'remote' && config.hardFail
}

function memberOf(
  repository: OciRepository,
  priority: boolean,
  hardFail: boolean,
  passages: readonly Passage[],
): VirtualMember {
  const refusedBy = (image: ImageName, reference?: Reference) =>
    passages.find(({ filter }) => !admitsReference(filter, image, reference))?.config
  return {
    repository,
    priority,
    hardFail,
    through: passages.map(({ config }) => config),
    refusedBy,
    admits: (image, reference) => refusedBy(image, reference) === undefined,
  }
}
