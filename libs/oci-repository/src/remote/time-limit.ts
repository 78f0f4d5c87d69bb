import { RegistryError } from '@entrepot/kernel'
import type { RemoteConfig } from '@entrepot/repositories'

/**
 * Gives a question to the upstream its own signal, which no client's leaving aborts, and the time that the repository's
 * `metadataRetrievalTimeoutSecs` allows.
 * @throws RegistryError UPSTREAM_TIMEOUT when that is over
 */
export async function withinTimeLimit<T>(
  config: RemoteConfig,
  ask: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = new AbortController()
  const seconds = config.metadataRetrievalTimeoutSecs
  const timer = setTimeout(() => {
    limit.abort(
      new RegistryError(
        'UPSTREAM_TIMEOUT',
        `the upstream of ${config.key} took longer than ${seconds} s (metadataRetrievalTimeoutSecs)`,
      ),
    )
  }, seconds * 1000)
  try {
    return await ask(limit.signal)
  } finally {
    clearTimeout(timer)
  }
}
