import { defaultConfig } from './default-config.js'
import type { StoredRepository } from './repository-config.js'

/**
 * A repository as it was stored, with the fields that its configuration has got since then: as they were kept without
 * effect, where they were given, and with their defaults.
 */
export function completed(stored: StoredRepository): StoredRepository {
  const { config } = stored
  const defaults: Readonly<Record<string, unknown>> = { ...defaultConfig(config.rclass, config.key) }
  const given = Object.entries(config.extra)
  const isField = ([name]: readonly [string, unknown]) => Object.hasOwn(defaults, name)
  const extra = Object.fromEntries(given.filter((entry) => !isField(entry)))
  const kept = Object.fromEntries(given.filter(isField))
  return { ...stored, config: { ...defaults, ...kept, ...config, extra } }
}
