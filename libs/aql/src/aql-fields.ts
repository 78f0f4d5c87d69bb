/** What a field holds decides what it can be compared with. */
export type FieldType = 'text' | 'number' | 'time' | 'type'

/** The fields of AQL's domain of items that have a meaning for images. */
export const itemFields = {
  repo: 'text',
  path: 'text',
  name: 'text',
  type: 'type',
  size: 'number',
  depth: 'number',
  created: 'time',
  created_by: 'text',
  modified: 'time',
  modified_by: 'text',
  updated: 'time',
  sha256: 'text',
  actual_sha1: 'text',
  actual_md5: 'text',
  original_sha1: 'text',
  original_md5: 'text',
} as const satisfies Readonly<Record<string, FieldType>>

export type ItemField = keyof typeof itemFields

/** Of the domain of builds. */
export const buildFields = {
  name: 'text',
  number: 'text',
  started: 'time',
  created: 'time',
  created_by: 'text',
  modified: 'time',
  modified_by: 'text',
  url: 'text',
} as const satisfies Readonly<Record<string, FieldType>>

export type BuildField = keyof typeof buildFields

/** What is shown where a query does not say. */
export const shownItemFields: readonly ItemField[] = [
  'repo',
  'path',
  'name',
  'type',
  'size',
  'created',
  'created_by',
  'modified',
  'modified_by',
  'updated',
]

export const shownBuildFields: readonly BuildField[] = [
  'name',
  'number',
  'url',
  'started',
  'created',
  'created_by',
  'modified',
  'modified_by',
]
