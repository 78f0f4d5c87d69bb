import { isRegistryError } from '@entrepot/kernel'
import type { ImageName } from '@entrepot/oci-model'
import type { OciRepository, OciRepositoryDirectory } from '@entrepot/oci-repository'
import { type AddressingRules, resolveName, resolveSeen } from './addressing.js'
import type { ImageCall } from './call.js'
import type { Gate } from './gate.js'
import type { Rights } from './rights.js'
import { isScopeName, mountScopes } from './token-scope.js'

export interface MountSource {
  readonly repository: OciRepository
  readonly image: ImageName
}

/** Finds what `?from=` names: the name as this client sees it, if the client may read it (protocol check list 131, 135). */
export class MountSources {
  constructor(
    private readonly directory: OciRepositoryDirectory,
    private readonly rules: AddressingRules,
    private readonly gate: Gate,
    private readonly rights: Rights,
  ) {}

  /**
   * @returns undefined when there is no such name or the caller may not read it: both mean "upload it"
   * @throws RegistryError UNAUTHORIZED when the caller may read it, but not with this token: with both scopes they need
   *   not upload
   */
  find(call: ImageCall, from: string): MountSource | undefined {
    const address = this.resolve(call, from)
    if (address === undefined) return undefined
    const { repository, image } = address
    const { caller, location, visibleName } = call
    const needs = () => mountScopes(visibleName, from)
    const subject = { repository, image, visibleName: from }
    return this.gate.allowsAsWell(caller, 'pull', subject, { location, needs })
      ? { repository, image }
      : undefined
  }

  private resolve(call: ImageCall, from: string): MountSource | undefined {
    if (!isScopeName(from)) return undefined
    try {
      const { location, caller } = call
      const written = resolveName(from, location, this.rules, this.directory)
      const place = { coordinates: location, rules: this.rules }
      return resolveSeen(written, from, place, this.directory, (repository, image) =>
        this.rights.sees(caller.principal, repository, image),
      )
    } catch (error) {
      if (isRegistryError(error, 'NAME_INVALID')) return undefined
      throw error
    }
  }
}
