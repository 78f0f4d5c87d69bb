import { type Digest, type ErrorCode, RegistryError } from '@entrepot/kernel'
import { type ImageName, type Reference, referenceText } from '@entrepot/oci-model'
import type { RepositoryKey } from '@entrepot/repositories'
import { type Candidate, type Decision, Explanation } from './explanation.js'
import type { CacheState, Found, ManifestBytes, OciRepository } from './oci-repository.js'
import type { RequestContext } from './request-context.js'
import { UpstreamWouldBeAsked } from './upstream-would-be-asked.js'

export type ExplainedOutcome =
  | {
      readonly kind: 'served'
      readonly digest: Digest
      readonly mediaType: string
      readonly foundIn: RepositoryKey
      readonly cache: CacheState | undefined
    }
  | {
      readonly kind: 'upstream'
      readonly repository: RepositoryKey
      readonly message: string
      /** The manifest that is cached, for when the upstream has nothing new or can't be asked. */
      readonly fallback: { readonly digest: Digest; readonly mediaType: string } | undefined
    }
  | { readonly kind: 'error'; readonly code: ErrorCode; readonly message: string }

/** A candidate and what was decided about it, in that order. */
export interface ExplainedCandidate extends Candidate {
  readonly decisions: readonly Omit<Decision, 'repository'>[]
}

export interface ExplainedManifest {
  /** In the order of asking. */
  readonly candidates: readonly ExplainedCandidate[]
  readonly outcome: ExplainedOutcome
}

/** What a pull of the manifest would do now and why, by the code that would do it. Nothing is changed or fetched. */
export async function explainManifest(
  repository: OciRepository,
  image: ImageName,
  reference: Reference,
  context: Omit<RequestContext, 'explanation' | 'deploying' | 'metadataOnly'>,
): Promise<ExplainedManifest> {
  const explanation = new Explanation()
  const asking = { ...context, explanation, deploying: false, metadataOnly: false }
  const outcome = await outcomeOf(repository, image, reference, asking)
  const candidates =
    repository.kind === 'virtual'
      ? explanation.candidates
      : [{ repository: repository.key, priority: false, through: [] }]
  return { candidates: candidates.map((candidate) => withDecisions(candidate, explanation)), outcome }
}

function withDecisions(candidate: Candidate, { decisions }: Explanation): ExplainedCandidate {
  const own = decisions.filter(({ repository }) => repository === candidate.repository)
  return { ...candidate, decisions: own.map(({ repository: _repository, ...decision }) => decision) }
}

async function outcomeOf(
  repository: OciRepository,
  image: ImageName,
  reference: Reference,
  context: RequestContext,
): Promise<ExplainedOutcome> {
  try {
    const found = await repository.reader.manifest(image, reference, context)
    if (found !== undefined) return served(found)
    const message = `${repository.key} has no manifest ${referenceText(reference)} of ${image} that may be read`
    return { kind: 'error', code: 'MANIFEST_UNKNOWN', message }
  } catch (error) {
    if (error instanceof UpstreamWouldBeAsked) {
      const { message, fallback } = error
      const kept =
        fallback === undefined ? undefined : { digest: fallback.digest, mediaType: fallback.mediaType }
      return { kind: 'upstream', repository: error.repository, message, fallback: kept }
    }
    if (error instanceof RegistryError) return { kind: 'error', code: error.code, message: error.message }
    throw error
  }
}

function served({ value, foundIn, cache }: Found<ManifestBytes>): ExplainedOutcome {
  return { kind: 'served', digest: value.digest, mediaType: value.mediaType, foundIn, cache }
}
