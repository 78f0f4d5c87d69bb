import type { RepositoryConfig } from '@entrepot/repositories'
import { keptFields } from './kept-fields.js'
import { noContentSynchronisation } from './remote-repository.dto.js'

/** The configuration as `GET` of one repository shows it: every field, no boolean left out, never the password. */
export function repositoryJson(config: RepositoryConfig): Record<string, unknown> {
  const { extra, ...effective } = config
  const shown: Record<string, unknown> = { ...keptFields[config.rclass], ...extra, ...effective }
  if (config.rclass === 'virtual') shown['defaultDeploymentRepo'] = config.defaultDeploymentRepo ?? ''
  if (config.rclass === 'remote') {
    delete shown['password']
    shown['contentSynchronisation'] = completed(noContentSynchronisation, shown['contentSynchronisation'])
  }
  return shown
}

function completed(whole: object, part: unknown): object {
  const given: Readonly<Record<string, unknown>> = { ...(part as object) }
  return Object.fromEntries(
    Object.entries(whole).map(([name, value]: [string, unknown]) => {
      if (!Object.hasOwn(given, name)) return [name, value]
      return [name, typeof value === 'object' && value !== null ? completed(value, given[name]) : given[name]]
    }),
  )
}
