import type { Request } from 'express'

/** As clients reach this server, without a slash at the end. */
export function baseUrlOf(request: Request, publicUrl: string | undefined): string {
  return publicUrl ?? `${request.protocol}://${request.host}`
}
