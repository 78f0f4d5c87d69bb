import { isPossibleUserName, userNameOf } from '@entrepot/identity'
import { RegistryError } from '@entrepot/kernel'

/** RFC 7617: no colon. It is also part of paths and of `docker login` command lines. */
const grammar = /^[\p{L}\p{N}_][\p{L}\p{M}\p{N}._@+-]*$/u

const maximumLength = 255

/** Names that stand for something else in permission targets and in the audit trail. */
const reserved = new Set(['anonymous'])

/** The name of a new account, in lower case. @throws RegistryError REQUEST_INVALID */
export function parseUserName(text: string): string {
  const name = userNameOf(text)
  const shown = JSON.stringify(text.slice(0, 100))
  if (reserved.has(name)) throw invalid(`user name ${shown} is reserved`)
  if (name.length > maximumLength) {
    throw invalid(`user name ${shown} has ${name.length} characters, expected at most ${maximumLength}`)
  }
  if (!grammar.test(name) || !isPossibleUserName(name)) {
    throw invalid(
      `user name ${shown} is not possible: expected letters, digits and . _ @ + -, a letter first`,
    )
  }
  return name
}

function invalid(message: string): RegistryError {
  return new RegistryError('REQUEST_INVALID', message)
}
