import { RegistryError } from '@entrepot/kernel'
import type { Query } from '../http/cursor-page.js'
import { requiredText } from '../http/required-text.js'
import { isOn } from '../http/query-switch.js'

export interface TransferQuery {
  /** The key of the target repository. */
  readonly repository: string
  /** Without slashes at its ends; empty for the repository's root. */
  readonly path: string
  /** `to` ended with a slash. */
  readonly into: boolean
  readonly dryRun: boolean
  readonly failFast: boolean
}

/** `suppressLayouts` is checked and has no effect: images have one layout. @throws RegistryError REQUEST_INVALID */
export function transferQueryOf(query: Query): TransferQuery {
  const to = requiredText(query, 'to')
  const [repository = '', ...parts] = to.replace(/^\//, '').split('/')
  const into = parts.at(-1) === ''
  if (into) parts.pop()
  if (repository === '' || parts.includes('')) {
    throw new RegistryError(
      'REQUEST_INVALID',
      `to is ${JSON.stringify(to.slice(0, 300))}, expected /<repository>/<path>`,
    )
  }
  isOn(query, 'suppressLayouts')
  return {
    repository,
    path: parts.join('/'),
    into,
    dryRun: isOn(query, 'dry'),
    failFast: isOn(query, 'failFast'),
  }
}
