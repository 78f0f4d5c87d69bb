import type { Response } from 'express'
import { RegistryError } from '@entrepot/kernel'
import { type Query, queryText } from '../http/cursor-page.js'

const defaultRepository = 'artifactory-build-info'

/** There are no projects here, and one place for builds: who asks for another is told. */
export function warnOfProject(query: Query, response: Response, inBody?: unknown): void {
  const project = queryText(query, 'project') ?? (inBody === 'default' || inBody === '' ? undefined : inBody)
  const repository = queryText(query, 'buildRepo') ?? defaultRepository
  if ((project === undefined || project === null) && repository === defaultRepository) return
  response.setHeader('Warning', '299 - "there are no projects here: project and buildRepo have no effect"')
}

/** `0`, `1`, `true` or `false`. @throws RegistryError REQUEST_INVALID */
export function queryFlag(query: Query, name: string): boolean {
  const text = queryText(query, name)
  if (text === undefined || text === '0' || text === 'false') return false
  if (text === '1' || text === 'true') return true
  throw new RegistryError(
    'REQUEST_INVALID',
    `${name} is ${JSON.stringify(text.slice(0, 100))}, expected 0 or 1`,
  )
}
