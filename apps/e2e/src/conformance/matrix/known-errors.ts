import { expect } from 'vitest'
import { expectStatus, json, type Answer } from '../../support/registry-client.js'

/** The specification's codes and those that docker's registry adds. */
const known = [
  'BLOB_UNKNOWN',
  'BLOB_UPLOAD_INVALID',
  'BLOB_UPLOAD_UNKNOWN',
  'DENIED',
  'DIGEST_INVALID',
  'MANIFEST_BLOB_UNKNOWN',
  'MANIFEST_INVALID',
  'MANIFEST_UNKNOWN',
  'NAME_INVALID',
  'NAME_UNKNOWN',
  'PAGINATION_NUMBER_INVALID',
  'RANGE_INVALID',
  'SIZE_INVALID',
  'TAG_INVALID',
  'TOOMANYREQUESTS',
  'UNAUTHORIZED',
  'UNAVAILABLE',
  'UNKNOWN',
  'UNSUPPORTED',
]

/** A refusal in the protocol's own form: one of the statuses, and only codes of the known list. */
export function expectError(answer: Answer, statuses: readonly number[], codes: readonly string[]): void {
  if (!statuses.includes(answer.status)) expectStatus(answer, statuses[0] ?? 0)
  expect(answer.headers.get('content-type')).toMatch(/^application\/json/)
  const { errors } = json(answer) as { errors: { code: string; message: string }[] }
  expect(errors.length).toBeGreaterThan(0)
  for (const { code, message } of errors) {
    expect(known).toContain(code)
    expect(codes).toContain(code)
    expect(typeof message).toBe('string')
  }
}
