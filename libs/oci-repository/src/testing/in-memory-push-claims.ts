import type { Digest } from '@entrepot/kernel'
import type { ImageName } from '@entrepot/oci-model'
import type { RepositoryId } from '@entrepot/repositories'
import type { PushClaim, PushClaims } from '../push-claims.js'

export class InMemoryPushClaims implements PushClaims {
  readonly #claims = new Map<string, PushClaim>()

  async add(claim: PushClaim): Promise<void> {
    this.#claims.set(nameOf(claim), claim)
  }

  async held(
    repository: RepositoryId,
    image: ImageName,
    owner: string,
    digests: readonly Digest[],
    now: Date,
  ): Promise<readonly Digest[]> {
    return digests.filter((digest) => {
      const claim = this.#claims.get(nameOf({ repository, image, owner, digest }))
      return claim !== undefined && claim.expiresAt > now
    })
  }
}

function nameOf({ repository, image, owner, digest }: Omit<PushClaim, 'expiresAt'>): string {
  return `${repository}/${image}@${digest} ${owner}`
}
