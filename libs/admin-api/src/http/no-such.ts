import { NotFoundException } from '@nestjs/common'

/** What does not exist, or what the caller may not know of: 404, as the clients of these routes expect it. */
export function noSuch(kind: string, name: string): NotFoundException {
  return new NotFoundException(`there is no ${kind} ${JSON.stringify(name.slice(0, 100))}`)
}
