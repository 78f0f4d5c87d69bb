import type { OciRepository } from '@entrepot/oci-repository'
import type { AdminApiPorts } from '../admin-api-ports.js'
import type { Caller } from '../caller.js'
import type { VisibleRepositories } from '../visible-repositories.js'

/** @returns undefined for one that does not exist or that the caller may not know of: nobody may tell the two apart */
export function findSource(
  { content }: Pick<AdminApiPorts, 'content'>,
  visible: VisibleRepositories,
  caller: Caller,
  key: string,
): OciRepository | undefined {
  return visible.find(caller, key) && content.repositories.find(key)
}
