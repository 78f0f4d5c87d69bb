import type { Response } from 'express'
import { type Query, queryText } from '../http/cursor-page.js'

const defaultRepository = 'artifactory-build-info'

/** There are no projects here, and one place for builds: who asks for another is told. */
export function warnOfProject(query: Query, response: Response, inBody?: unknown): void {
  const project = queryText(query, 'project') ?? (inBody === 'default' || inBody === '' ? undefined : inBody)
  const repository = queryText(query, 'buildRepo') ?? defaultRepository
  if ((project === undefined || project === null) && repository === defaultRepository) return
  response.setHeader('Warning', '299 - "there are no projects here: project and buildRepo have no effect"')
}
