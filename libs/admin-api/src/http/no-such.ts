import { HttpException, HttpStatus } from '@nestjs/common'

/** What does not exist, or what the caller may not know of: 404, as the clients of these routes expect it. */
export function noSuch(kind: string, name: string): HttpException {
  const message = `there is no ${kind} ${JSON.stringify(name.slice(0, 100))}`
  return new HttpException(message, HttpStatus.NOT_FOUND)
}
