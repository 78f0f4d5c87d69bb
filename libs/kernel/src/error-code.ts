/**
 * Every way in which a request can fail that its client may see. The API libraries turn each code into a status and a
 * wire code with a `Record<ErrorCode, …>`, so that a code without a row does not compile.
 */
export const errorCodes = [
  'BLOB_UNKNOWN',
  'BLOB_UPLOAD_INVALID',
  'BLOB_UPLOAD_UNKNOWN',
  'CONFLICT',
  'DENIED',
  'DIGEST_INVALID',
  'MANIFEST_BLOB_UNKNOWN',
  'MANIFEST_INVALID',
  'MANIFEST_TOO_LARGE',
  'MANIFEST_UNKNOWN',
  'NAME_INVALID',
  'NAME_UNKNOWN',
  'PAGINATION_NUMBER_INVALID',
  'RANGE_INVALID',
  'RANGE_NOT_SATISFIABLE',
  'REQUEST_INVALID',
  'ROUTE_UNKNOWN',
  'SIZE_INVALID',
  'STORAGE_FULL',
  'TAG_INVALID',
  'TOO_MANY_REQUESTS',
  'TOO_MANY_TAGS',
  'UNAUTHORIZED',
  'UNAVAILABLE',
  'UNSUPPORTED',
  'UPSTREAM_FAILED',
  'UPSTREAM_TIMEOUT',
  'UPSTREAM_UNAVAILABLE',
] as const

export type ErrorCode = (typeof errorCodes)[number]
