import type { ServerResponse } from 'node:http'

const shownFields = 20

/** Tells the client which fields had no effect, without refusing them. RFC 7234 section 5.5, code 299. */
export function warnOfIgnored(response: ServerResponse, fields: readonly string[]): void {
  if (fields.length === 0) return
  const names = fields.slice(0, shownFields).map((field) => field.replaceAll(/[^\w.-]/g, '?').slice(0, 64))
  const more = fields.length > shownFields ? ` and ${fields.length - shownFields} more` : ''
  response.appendHeader('Warning', `299 - "ignored unknown fields: ${names.join(', ')}${more}"`)
}
