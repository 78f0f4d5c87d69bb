import { type Action, RegistryError } from '@entrepot/kernel'
import type { ImageName } from '@entrepot/oci-model'
import type { RepositoryKey } from '@entrepot/repositories'
import type { RequestContext } from './request-context.js'

/** @throws RegistryError DENIED naming the action, the image and the repository that refused */
export function requireRight(
  context: RequestContext,
  action: Action,
  repository: RepositoryKey,
  image: ImageName,
  tag?: string,
): void {
  if (context.may(action, repository, image, tag)) return
  throw refusal(context, action, repository, image, tag === undefined ? image : `${image}:${tag}`)
}

/** For what concerns no tag yet. @throws RegistryError DENIED for whoever has no right to any tag of the image */
export function requirePartOf(
  context: RequestContext,
  action: Action,
  repository: RepositoryKey,
  image: ImageName,
): void {
  if (!context.mayPartly(action, repository, image)) throw refusal(context, action, repository, image, image)
}

/** A repository of any kind, as far as its patterns go. */
export interface PatternsConfig {
  readonly key: RepositoryKey
  readonly includesPattern: string
  readonly excludesPattern: string
}

/** @throws RegistryError DENIED when the repository is out of service */
export function requireInService(config: {
  readonly key: RepositoryKey
  readonly blackedOut: boolean
}): void {
  if (!config.blackedOut) return
  throw new RegistryError(
    'DENIED',
    `repository ${config.key} is out of service (blackedOut): an administrator has to put it back`,
  )
}

/** For who asks why: the patterns of a repository leave the item out. */
export function notePatterns(
  context: RequestContext,
  { key, includesPattern, excludesPattern }: PatternsConfig,
  repository = key,
): void {
  context.explanation?.note(
    repository,
    'patterns',
    'passed',
    `the patterns of ${key} leave it out: includesPattern ${JSON.stringify(includesPattern)}, excludesPattern ${JSON.stringify(excludesPattern)}`,
  )
}

/** What a list answers for an image that the repository doesn't have, or that its patterns hide. */
export function unknownImage(repository: RepositoryKey, image: ImageName): RegistryError {
  return new RegistryError('NAME_UNKNOWN', `repository ${repository} has no image ${image}`, {
    detail: { name: image },
  })
}

/** Names the action, the image and the repository that refused. */
export function refusal(
  context: RequestContext,
  action: Action,
  repository: RepositoryKey,
  image: ImageName,
  what: string,
): RegistryError {
  return new RegistryError(
    'DENIED',
    `${context.principal.name} may not ${action} ${what} in repository ${repository}`,
    { detail: { repository, name: image, action } },
  )
}
