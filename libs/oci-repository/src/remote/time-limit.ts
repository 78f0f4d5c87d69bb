import { RegistryError } from '@entrepot/kernel'
import type { RemoteConfig } from '@entrepot/repositories'

/**
 * A question may take so many times what a single answer's headers may. More than once, because the client's own limit
 * has to be first: it is how the client learns that an upstream hangs and should be left alone.
 */
const wholeQuestion = 2

/**
 * Gives a question to the upstream its own signal, which no client's leaving aborts, and twice the time that the
 * repository's `metadataRetrievalTimeoutSecs` allows for one answer: a token may have to be fetched, a body to be read.
 * @throws RegistryError UPSTREAM_TIMEOUT when that is over
 */
export async function withinTimeLimit<T>(
  config: RemoteConfig,
  ask: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = new AbortController()
  const seconds = config.metadataRetrievalTimeoutSecs * wholeQuestion
  const timer = setTimeout(() => {
    limit.abort(
      new RegistryError(
        'UPSTREAM_TIMEOUT',
        `the upstream of ${config.key} took longer than ${seconds} s (twice metadataRetrievalTimeoutSecs)`,
      ),
    )
  }, seconds * 1000)
  try {
    return await ask(limit.signal)
  } finally {
    clearTimeout(timer)
  }
}
