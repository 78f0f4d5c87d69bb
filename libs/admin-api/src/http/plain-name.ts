import { RegistryError } from '@entrepot/kernel'

/** What Artifactory allows: directories have groups with spaces and other signs in their names. */
const grammar = /^[^\p{Cc}\p{Zl}\p{Zp}/\\:|?*"<>]+$/u

const maximumLength = 255

/**
 * The name of a new group, permission target or the like.
 * @param kind for messages
 * @throws RegistryError REQUEST_INVALID
 */
export function parsePlainName(kind: string, text: string): string {
  const shown = `${kind} name ${JSON.stringify(text.slice(0, 100))}`
  if (text.length > maximumLength) {
    throw invalid(`${shown} has ${text.length} characters, expected at most ${maximumLength}`)
  }
  if (!grammar.test(text) || text.trim() !== text || text === '.' || text === '..') {
    throw invalid(`${shown} is not possible: expected text without / \\ : | ? * " < > and outer spaces`)
  }
  return text
}

function invalid(message: string): RegistryError {
  return new RegistryError('REQUEST_INVALID', message)
}
