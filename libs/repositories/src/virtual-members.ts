import { RegistryError } from '@entrepot/kernel'
import type { RepositoryConfig, RepositoryKey, VirtualConfig } from './repository-config.js'

type FindConfig = (key: RepositoryKey) => RepositoryConfig | undefined

/**
 * The members of a virtual repository in the order in which they are asked: those with priority first, each group as
 * listed. Members that don't exist, or not any more, are left out.
 */
export function membersInOrder(config: VirtualConfig, find: FindConfig): readonly RepositoryConfig[] {
  const members = [...new Set(config.repositories)].map(find).filter((member) => member !== undefined)
  return [
    ...members.filter((member) => member.priorityResolution),
    ...members.filter((member) => !member.priorityResolution),
  ]
}

/**
 * @throws RegistryError REQUEST_INVALID for a member that doesn't exist or a cycle, with the path of the cycle, and for a
 *   deployment target that isn't local or no member, directly or through others: who pushes through the virtual
 *   couldn't pull what they pushed
 */
export function checkMembers(config: VirtualConfig, find: FindConfig): void {
  for (const member of config.repositories) {
    if (member !== config.key && find(member) === undefined) {
      throw invalid(
        `virtual repository ${config.key} lists ${JSON.stringify(member)}, which does not exist: create it first`,
      )
    }
  }
  refuseCycle(config, find)
  const target = config.defaultDeploymentRepo
  const targetConfig = target === undefined ? undefined : find(target)
  if (targetConfig !== undefined && targetConfig.rclass !== 'local') {
    throw invalid(
      `defaultDeploymentRepo ${targetConfig.key} is ${targetConfig.rclass}, expected a local repository`,
    )
  }
  if (targetConfig !== undefined && !reaches(config, targetConfig.key, find)) {
    throw invalid(
      `defaultDeploymentRepo ${targetConfig.key} is no member of virtual repository ${config.key}: ` +
        'put it into repositories as well, or name another one',
    )
  }
}

function reaches(
  config: RepositoryConfig,
  key: RepositoryKey,
  find: FindConfig,
  seen = new Set<RepositoryKey>(),
): boolean {
  if (config.rclass !== 'virtual' || seen.has(config.key)) return false
  seen.add(config.key)
  return config.repositories.some((member) => {
    const memberConfig = member === key ? undefined : find(member)
    return member === key || (memberConfig !== undefined && reaches(memberConfig, key, find, seen))
  })
}

function refuseCycle(config: VirtualConfig, find: FindConfig): void {
  const visit = (current: RepositoryConfig, path: readonly RepositoryKey[]): void => {
    if (current.rclass !== 'virtual') return
    for (const key of current.repositories) {
      if (key === config.key) {
        throw invalid(`virtual repository ${config.key} would contain itself: ${[...path, key].join(' -> ')}`)
      }
      const member = path.includes(key) ? undefined : find(key)
      if (member !== undefined) visit(member, [...path, key])
    }
  }
  visit(config, [config.key])
}

function invalid(message: string): RegistryError {
  return new RegistryError('REQUEST_INVALID', message)
}
