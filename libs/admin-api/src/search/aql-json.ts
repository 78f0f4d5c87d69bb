import type { AqlInclude, AqlQuery, AqlValue, BuildField, ItemField } from '@entrepot/aql'
import type { BuildEntry } from '@entrepot/builds'
import { hexOf } from '@entrepot/kernel'
import type { ShownItem } from '@entrepot/oci-repository'

export interface AqlAnswer {
  readonly results: readonly object[]
  readonly range: object
}

export function aqlAnswer(
  query: AqlQuery,
  results: readonly object[],
  notification: string | undefined,
): AqlAnswer {
  const { offset, limit } = query
  return {
    results,
    range: {
      start_pos: offset,
      end_pos: offset + results.length,
      total: results.length,
      ...(limit === undefined ? {} : { limit }),
      ...(notification === undefined ? {} : { notification }),
    },
  }
}

/** What has no value is left out, as Artifactory does. */
export function foundItemJson(item: ShownItem, include: AqlInclude<ItemField>): object {
  const fields = include.fields.flatMap((field) => {
    const value = itemValueOf(item, field)
    return value === undefined ? [] : [[field, value] as const]
  })
  const properties = item.properties.map(([key, value]) => ({ key, value }))
  return { ...Object.fromEntries(fields), ...(properties.length === 0 ? {} : { properties }) }
}

export function buildEntryJson(entry: BuildEntry, fields: readonly BuildField[]): object {
  const shown = fields.flatMap((field) => {
    const value = buildValueOf(entry, field)
    return value === null ? [] : [[`build.${field}`, value] as const]
  })
  return Object.fromEntries(shown)
}

export function buildValueOf(entry: BuildEntry, field: BuildField): AqlValue {
  switch (field) {
    case 'name':
    case 'number':
    case 'started':
      return entry[field]
    case 'url':
      return entry.url ?? null
    case 'created':
    case 'modified':
      return entry.published
    case 'created_by':
    case 'modified_by':
      return entry.publishedBy
  }
}

function itemValueOf({ repository, path, name, content, times, sha1 }: ShownItem, field: ItemField) {
  switch (field) {
    case 'repo':
      return repository.shownKey
    case 'path':
      return path
    case 'name':
      return name
    case 'type':
      return content === undefined ? 'folder' : 'file'
    case 'size':
      return content?.size ?? 0
    case 'depth':
      return (path === '.' ? 0 : path.split('/').length) + 1
    case 'created':
      return times?.created.toISOString()
    case 'created_by':
      return times?.createdBy
    case 'modified':
    case 'updated':
      return times?.modified.toISOString()
    case 'modified_by':
      return times?.modifiedBy
    case 'sha256':
      return content?.digest.startsWith('sha256:') === true ? hexOf(content.digest) : undefined
    case 'actual_sha1':
    case 'original_sha1':
      return sha1
    case 'actual_md5':
    case 'original_md5':
      return undefined
  }
}
