import { RegistryError } from '@entrepot/kernel'
import type { RepositoryKey } from '@entrepot/repositories'

/** A component of an image name: the key is the first one of `/v2/<key>/<image>`. distribution-spec, `<name>`. */
const grammar = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/

/** Artifactory's limit. */
const maximumLength = 64

/** First components that mean something else in the registry protocol's URLs, or in those of this API. */
const reserved = new Set(['v2', 'configurations'])

/** @throws RegistryError REQUEST_INVALID */
export function parseRepositoryKey(text: string): RepositoryKey {
  const shown = JSON.stringify(text.slice(0, 100))
  if (text.length > maximumLength) {
    throw invalid(`repository key ${shown} has ${text.length} characters, expected at most ${maximumLength}`)
  }
  if (reserved.has(text))
    throw invalid(`repository key ${shown} is reserved: it means something else in URLs`)
  if (!grammar.test(text)) {
    throw invalid(
      `repository key ${shown} can't be the first part of an image name: expected lower-case letters and digits, ` +
        'parted by single separators (. _ __ -)',
    )
  }
  return text as RepositoryKey
}

function invalid(message: string): RegistryError {
  return new RegistryError('REQUEST_INVALID', message)
}
