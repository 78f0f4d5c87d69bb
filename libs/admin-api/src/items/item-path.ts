import { HttpException, HttpStatus } from '@nestjs/common'

/** The rest of a route, as Express gives it: decoded, part by part. */
export type PathParts = readonly string[] | string | undefined

/** Without slashes at its ends: clients write folders with one. @throws HttpException 404 for what no item is called */
export function itemPathOf(repository: string, parts: PathParts): string {
  const all = typeof parts === 'string' ? parts.split('/') : (parts ?? [])
  const named = all.at(-1) === '' ? all.slice(0, -1) : all
  const path = named.join('/')
  if (named.some((part) => part === '' || part.includes('/'))) throw noSuchItem(repository, path)
  return path
}

/** What does not exist, or what the caller may not read: nobody may tell the two apart. */
export function noSuchItem(repository: string, path: string): HttpException {
  const name = JSON.stringify(`${repository}/${path}`.slice(0, 300))
  return new HttpException(`there is no item ${name}`, HttpStatus.NOT_FOUND)
}
