import type { Action, Principal } from '@entrepot/kernel'
import type {
  CacheEntry,
  ExplainedCandidate,
  ExplainedManifest,
  ExplainedOutcome,
  ImageName,
} from '@entrepot/oci-repository'
import type { RepositoryKey } from '@entrepot/repositories'
import type { AdminApiPorts } from '../admin-api-ports.js'

/** Whom it is told, and what of it. */
export interface ExplainedTo {
  /** The tag that was asked for, if it was one. */
  readonly tag: string | undefined
  /** Whose pull it would be. */
  readonly principal: Principal
  /** They learn by which permission targets the rights are given, too. */
  readonly isAdministrator: boolean
  /** What somebody may not read, they are not told of. */
  readonly tells: (member: RepositoryKey) => boolean
}

export function explanationJson(
  { candidates, outcome }: ExplainedManifest,
  image: ImageName,
  to: ExplainedTo,
  ports: Pick<AdminApiPorts, 'repositories' | 'permissions'>,
): object {
  const told = candidates.filter(({ repository }) => to.tells(repository))
  return {
    members: told.map((candidate) => memberJson(candidate, image, to, ports)),
    outcome: outcomeJson(outcome),
  }
}

function memberJson(
  { repository, priority, through, decisions }: ExplainedCandidate,
  image: ImageName,
  to: ExplainedTo,
  { repositories, permissions }: Pick<AdminApiPorts, 'repositories' | 'permissions'>,
): object {
  const config = repositories.find(repository)?.config
  const target = { repositoryKey: repository, image, tag: to.tag }
  const right = (action: Action) => {
    const { policy } = permissions
    const isAllowed =
      to.tag === undefined
        ? policy.allowsPartOf(to.principal, action, target)
        : policy.allows(to.principal, action, target)
    const targets = to.isAdministrator ? { targets: policy.grantedBy(to.principal, action, target) } : {}
    return { allowed: isAllowed, ...targets }
  }
  return {
    repo: repository,
    rclass: config?.rclass,
    through,
    priority,
    blackedOut: config?.blackedOut,
    ...(config?.rclass === 'remote' ? { offline: config.offline } : {}),
    read: right('read'),
    deploy: right('deploy'),
    steps: decisions.map(({ cached, ...step }) => ({
      ...step,
      ...(cached === undefined ? {} : { cache: cacheJson(cached) }),
    })),
  }
}

function cacheJson({ ref, status, digest, checkedAt, freshUntil }: CacheEntry): object {
  return { ref, status, digest, checked_at: checkedAt.toISOString(), fresh_until: freshUntil.toISOString() }
}

function outcomeJson(outcome: ExplainedOutcome): object {
  switch (outcome.kind) {
    case 'served': {
      const { kind, digest, mediaType, foundIn, cache } = outcome
      return { kind, digest, media_type: mediaType, found_in: foundIn, cache }
    }
    case 'upstream': {
      const { kind, repository, message, fallback } = outcome
      const kept =
        fallback === undefined ? undefined : { digest: fallback.digest, media_type: fallback.mediaType }
      return { kind, repo: repository, message, fallback: kept }
    }
    case 'error':
      return outcome
  }
}
