import type { OciRepository } from '@entrepot/oci-repository'
import type { AdminApiPorts } from '../admin-api-ports.js'
import type { Caller } from '../caller.js'
import { noSuch } from '../http/no-such.js'
import type { VisibleRepositories } from '../visible-repositories.js'

/**
 * Where something is to be put. Who may push there may know of it.
 * @throws HttpException 404 for one that does not exist or that the caller may not know of
 */
export function findTarget(
  { content, permissions }: AdminApiPorts,
  visible: VisibleRepositories,
  caller: Caller,
  key: string,
): OciRepository {
  const target = content.repositories.find(key)
  if (target === undefined) throw noSuch('repository', key)
  const mayDeploy =
    target.writer !== undefined &&
    !caller.scoped &&
    permissions.policy.allowsSomewhere(caller.principal, 'deploy', target.writer.target)
  if (!mayDeploy && visible.find(caller, key) === undefined) throw noSuch('repository', key)
  return target
}
