import type { ErrorCode } from '@entrepot/kernel'

export interface ErrorRow {
  readonly status: number
  /** The `code` of the error body. distribution-spec "Error Codes"; Docker's extras where the specification has none. */
  readonly wireCode: string
}

/** The one place where codes become statuses (protocol check list 195). */
export const errorTable: Record<ErrorCode, ErrorRow> = {
  BLOB_UNKNOWN: { status: 404, wireCode: 'BLOB_UNKNOWN' },
  BLOB_UPLOAD_INVALID: { status: 400, wireCode: 'BLOB_UPLOAD_INVALID' },
  BLOB_UPLOAD_UNKNOWN: { status: 404, wireCode: 'BLOB_UPLOAD_UNKNOWN' },
  CONFLICT: { status: 409, wireCode: 'DENIED' },
  DENIED: { status: 403, wireCode: 'DENIED' },
  DIGEST_INVALID: { status: 400, wireCode: 'DIGEST_INVALID' },
  MANIFEST_BLOB_UNKNOWN: { status: 400, wireCode: 'MANIFEST_BLOB_UNKNOWN' },
  MANIFEST_INVALID: { status: 400, wireCode: 'MANIFEST_INVALID' },
  // Not MANIFEST_INVALID: on that skopeo and podman push the image again in another format (145).
  MANIFEST_TOO_LARGE: { status: 413, wireCode: 'SIZE_INVALID' },
  MANIFEST_UNKNOWN: { status: 404, wireCode: 'MANIFEST_UNKNOWN' },
  NAME_INVALID: { status: 400, wireCode: 'NAME_INVALID' },
  NAME_UNKNOWN: { status: 404, wireCode: 'NAME_UNKNOWN' },
  PAGINATION_NUMBER_INVALID: { status: 400, wireCode: 'PAGINATION_NUMBER_INVALID' },
  RANGE_INVALID: { status: 416, wireCode: 'RANGE_INVALID' },
  RANGE_NOT_SATISFIABLE: { status: 416, wireCode: 'RANGE_INVALID' },
  REQUEST_INVALID: { status: 400, wireCode: 'UNSUPPORTED' },
  ROUTE_UNKNOWN: { status: 404, wireCode: 'NOT_FOUND' },
  SIZE_INVALID: { status: 400, wireCode: 'SIZE_INVALID' },
  // Docker repeats a 5xx and hides its message; it shows that of a DENIED (128).
  STORAGE_FULL: { status: 413, wireCode: 'DENIED' },
  TAG_INVALID: { status: 400, wireCode: 'TAG_INVALID' },
  TOO_MANY_REQUESTS: { status: 429, wireCode: 'TOOMANYREQUESTS' },
  TOO_MANY_TAGS: { status: 414, wireCode: 'TAG_INVALID' },
  UNAUTHORIZED: { status: 401, wireCode: 'UNAUTHORIZED' },
  UNAVAILABLE: { status: 503, wireCode: 'UNAVAILABLE' },
  UNSUPPORTED: { status: 405, wireCode: 'UNSUPPORTED' },
  UPSTREAM_FAILED: { status: 502, wireCode: 'UNAVAILABLE' },
  UPSTREAM_TIMEOUT: { status: 504, wireCode: 'UNAVAILABLE' },
  UPSTREAM_UNAVAILABLE: { status: 503, wireCode: 'UNAVAILABLE' },
}

/** For whatever is thrown that is not a RegistryError. */
export const unknownErrorRow: ErrorRow = { status: 500, wireCode: 'UNKNOWN' }
