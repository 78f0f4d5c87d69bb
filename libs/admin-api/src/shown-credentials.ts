import type { Request } from 'express'

/**
 * The `Authorization` of a request, or the token of `X-JFrog-Art-Api`, where Artifactory's clients put a key.
 * @returns undefined when it shows neither
 */
export function shownCredentials({ headers }: Pick<Request, 'headers'>): string | undefined {
  const key = headers['x-jfrog-art-api']
  if (headers.authorization !== undefined || typeof key !== 'string') return headers.authorization
  return `Bearer ${key}`
}
