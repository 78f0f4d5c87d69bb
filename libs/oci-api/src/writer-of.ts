import { RegistryError } from '@entrepot/kernel'
import type { OciWriter } from '@entrepot/oci-repository'
import { isAbsent } from './absent-repository.js'
import type { ImageCall } from './call.js'

/**
 * @throws RegistryError NAME_UNKNOWN for a repository that isn't there, UNSUPPORTED for one that takes no content: a
 *   remote, or a virtual without a deployment repository (protocol check list 127)
 */
export function writerOf(call: ImageCall): OciWriter {
  const { repository } = call
  if (repository.writer !== undefined) return repository.writer
  if (isAbsent(repository)) {
    throw new RegistryError('NAME_UNKNOWN', 'the repository name is not known to the registry', {
      detail: { name: call.visibleName },
    })
  }
  throw new RegistryError(
    'UNSUPPORTED',
    repository.kind === 'virtual'
      ? `virtual repository ${repository.key} has no default deployment repository: nothing can be pushed to or deleted from it`
      : `${repository.kind} repository ${repository.key} takes its content from its upstream: nothing can be pushed to or deleted from it`,
    { headers: { Allow: 'GET, HEAD' } },
  )
}
