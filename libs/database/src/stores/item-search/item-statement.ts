import type { AqlCriterion, ItemField, ItemQuery } from '@entrepot/aql'
import type { ItemScope } from '@entrepot/oci-repository'
import { actorOf, type Arm, fileArms, folderArms, timeOf } from './arms.js'
import { ItemConditions } from './item-conditions.js'
import { listOf, Parameters } from './parameters.js'

export interface ItemStatement {
  readonly text: string
  readonly values: readonly unknown[]
}

/** One statement for all of a query: each arm is narrowed by itself, so that the indexes of its tables serve. */
export function itemStatement(query: ItemQuery, scope: ItemScope, limit: number): ItemStatement {
  const parameters = new Parameters()
  const arms = saysType(query.where) ? [...fileArms, ...folderArms] : fileArms
  const order = orderOf(query)
  const selects = arms.map((arm) => selectOf(arm, query, scope, order.fields, parameters))
  const keys = scope.repositories
  const ids = parameters.add(
    keys.map(({ id }) => id),
    'int[]',
  )
  const names = parameters.add(
    keys.map(({ shownKey }) => shownKey),
    'text[]',
  )
  const text = `
    ${readableOf(scope, parameters)}
    SELECT f.*, x.created, x.created_by, x.modified, x.modified_by FROM (
      SELECT i.*, k.shown FROM (${selects.join('\nUNION ALL\n')}) i
      JOIN unnest(${ids}, ${names}) AS k (id, shown) ON k.id = i.repo_id
      ORDER BY ${order.text}
      OFFSET ${parameters.add(query.offset, 'int')} LIMIT ${parameters.add(limit, 'int')}
    ) f
    CROSS JOIN LATERAL (${timesOf('tag')} UNION ALL ${timesOf('digest')} UNION ALL ${noTimes}) x
    ORDER BY ${order.text}`
  return { text, values: parameters.values }
}

function selectOf(
  arm: Arm,
  { where }: ItemQuery,
  scope: ItemScope,
  sorted: readonly ItemField[],
  parameters: Parameters,
): string {
  const conditions = new ItemConditions(arm, scope, parameters)
  const extra = sorted.flatMap((field) => {
    const expression = sortColumns[field]?.(arm)
    return expression === undefined ? [] : [`${expression} AS sort_${field}`]
  })
  return `
    SELECT m.repo_id, '${arm.by}' AS by, '${arm.kind}' AS kind, ${arm.image} AS image, ${arm.reference} AS reference,
      ${arm.manifest} AS manifest, ${arm.kind === 'manifest' ? 'm.media_type' : 'NULL::text'} AS media_type, ${arm.content} AS content, ${arm.size} AS size, ${arm.path} AS path,
      ${arm.name} AS name, ${arm.depth} AS depth${extra.map((column) => `, ${column}`).join('')}
    FROM ${arm.from}
    WHERE ${arm.where} AND ${rightsOf(arm, scope, parameters)} AND ${conditions.of(where)}`
}

/** What the other columns don't say of an item, where it is sorted by that. */
const sortColumns: Partial<Record<ItemField, (arm: Arm) => string>> = {
  created: (arm) => timeOf(arm, 'created'),
  modified: (arm) => timeOf(arm, 'modified'),
  updated: (arm) => timeOf(arm, 'modified'),
  created_by: (arm) => actorOf(arm, 'created'),
  modified_by: (arm) => actorOf(arm, 'modified'),
  actual_sha1: (arm) => sha1Of(arm),
  original_sha1: (arm) => sha1Of(arm),
}

const sha1Of = (arm: Arm) => `(SELECT s.sha1 FROM content_checksums s WHERE s.digest = ${arm.content})`

/** The words of an order, by field. Without a value comes last, either way. */
const orderWords: Readonly<Record<ItemField, string>> = {
  repo: 'shown COLLATE "C"',
  path: 'path COLLATE "C"',
  name: 'name COLLATE "C"',
  type: `(kind IN ('folder', 'image'))`,
  size: 'size',
  depth: 'depth',
  created: 'sort_created',
  modified: 'sort_modified',
  updated: 'sort_updated',
  created_by: 'sort_created_by COLLATE "C"',
  modified_by: 'sort_modified_by COLLATE "C"',
  sha256: 'content COLLATE "C"',
  actual_sha1: 'sort_actual_sha1 COLLATE "C"',
  original_sha1: 'sort_original_sha1 COLLATE "C"',
  actual_md5: 'NULL::text',
  original_md5: 'NULL::text',
}

/** Ends in what no two items share. */
function orderOf({ sort }: ItemQuery): { readonly fields: readonly ItemField[]; readonly text: string } {
  const fields = sort?.fields ?? []
  const direction = sort?.direction === 'desc' ? 'DESC NULLS LAST' : 'ASC NULLS LAST'
  const last = ['repo', 'path', 'name'] as const
  const words = [
    ...fields.map((field) => `${orderWords[field]} ${direction}`),
    ...last.filter((field) => !fields.includes(field)).map((field) => `${orderWords[field]} ASC`),
    'kind',
  ]
  return { fields, text: words.join(', ') }
}

function timesOf(by: 'tag' | 'digest'): string {
  const events = `FROM tag_events e WHERE e.repo_id = f.repo_id AND e.image = f.image AND e.name = f.reference ORDER BY e.id`
  const of = (column: string, direction: string) =>
    by === 'tag' ? `(SELECT e.${column} ${events} ${direction} LIMIT 1)` : 'NULL'
  return `
    SELECT coalesce(${of('at', '')}, m.pushed_at) AS created, ${of('actor', '')}::text AS created_by,
      coalesce(${of('at', 'DESC')}, m.pushed_at) AS modified, ${of('actor', 'DESC')}::text AS modified_by
    FROM manifests m
    WHERE f.by = '${by}' AND m.repo_id = f.repo_id AND m.image = f.image AND m.digest = f.manifest`
}

const noTimes = `
    SELECT NULL::timestamptz, NULL::text, NULL::timestamptz, NULL::text WHERE f.by = 'image'`

/** What can be reached from the tags of the scope: what an index lists, and what refers to something. */
function readableOf({ tags }: ItemScope, parameters: Parameters): string {
  if (tags.length === 0) return ''
  return `
    WITH RECURSIVE readable (repo_id, image, digest) AS (
      SELECT t.repo_id, t.image, t.digest FROM ${tagsIn(tags, parameters)} r
      JOIN tags t ON t.repo_id = r.repo_id AND t.image = r.image AND t.name = r.name
      UNION
      SELECT p.repo_id, p.image, down.digest FROM readable p CROSS JOIN LATERAL (
        SELECT c.child AS digest FROM manifest_children c
        WHERE c.repo_id = p.repo_id AND c.image = p.image AND c.parent = p.digest
        UNION ALL
        SELECT m.digest FROM manifests m
        WHERE m.repo_id = p.repo_id AND m.image = p.image AND m.subject_digest = p.digest
      ) down
    )`
}

function rightsOf(arm: Arm, { whole, images, tags }: ItemScope, parameters: Parameters): string {
  const ways = [`m.repo_id = ANY (${parameters.add(whole, 'int[]')})`]
  if (images.length > 0) {
    const ids = parameters.add(
      listOf(images, 'ids', ({ repository }) => repository),
      'int[]',
    )
    const names = parameters.add(
      listOf(images, 'images', ({ image }) => image),
      'text[]',
    )
    ways.push(`(m.repo_id, ${arm.image}) IN (SELECT * FROM unnest(${ids}, ${names}))`)
  }
  if (tags.length > 0) {
    const listed = tagsIn(tags, parameters)
    if (arm.by === 'tag') ways.push(`(m.repo_id, t.image, t.name) IN (SELECT * FROM ${listed})`)
    if (arm.by === 'digest') ways.push('(m.repo_id, m.image, m.digest) IN (SELECT * FROM readable)')
    if (arm.by === 'image') ways.push(`(m.repo_id, m.image) IN (SELECT r.repo_id, r.image FROM ${listed} r)`)
  }
  return `(${ways.join(' OR ')})`
}

function tagsIn(tags: ItemScope['tags'], parameters: Parameters): string {
  const ids = parameters.add(
    listOf(tags, 'ids', ({ repository }) => repository),
    'int[]',
  )
  const images = parameters.add(
    listOf(tags, 'images', ({ image }) => image),
    'text[]',
  )
  const names = parameters.add(
    listOf(tags, 'names', ({ tag }) => tag),
    'text[]',
  )
  return `(SELECT * FROM unnest(${ids}, ${images}, ${names}) AS u (repo_id, image, name))`
}

function saysType(criterion: AqlCriterion<ItemField>): boolean {
  if (criterion.kind !== 'comparison') return criterion.of.some(saysType)
  return criterion.subject.kind === 'field' && criterion.subject.field === 'type'
}
