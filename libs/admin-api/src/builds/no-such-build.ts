import { HttpException, HttpStatus } from '@nestjs/common'

/** What was not published, or not by the caller: nobody may tell the two apart. */
export function noSuchBuild(name: string, number?: string): HttpException {
  const shown = JSON.stringify(name.slice(0, 300))
  const run = number === undefined ? '' : ` number ${JSON.stringify(number.slice(0, 300))}`
  return new HttpException(`there is no build ${shown}${run}`, HttpStatus.NOT_FOUND)
}
