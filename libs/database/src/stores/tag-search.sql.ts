import type { Criterion, TagPage, TagQuery, TextMatch } from '@entrepot/oci-repository'
import type { Statement } from '../database.js'

/** A statement that is put together, with its values. */
export interface BuiltStatement {
  readonly statement: Statement
  readonly values: readonly unknown[]
}

/** What the first part of the index of values has of a value. */
const indexed = 128

/** Behind every text that begins as another one does. */
const last = '\u{10ffff}'

/**
 * The tags that a query is about. Each repository is searched by itself, in the order of an index that begins where the
 * page begins, and no further than the page is long.
 */
export function tagSearch(query: TagQuery, { limit, after }: TagPage): BuiltStatement {
  const values = new Values()
  const repositories = query.repositories.filter((id) => after === undefined || id >= after.repository)
  const repository = values.add(repositories, 'int[]')
  const most = values.add(limit + 1, 'int')
  const start = after && {
    repository: values.add(after.repository, 'int'),
    image: values.add(after.image, 'text'),
    tag: values.add(after.tag, 'text'),
  }
  const from = (image: string, tag: string) =>
    start === undefined
      ? 'true'
      : `(${image}, ${tag}) > (CASE WHEN r.id = ${start.repository} THEN ${start.image} ELSE '' END,
          CASE WHEN r.id = ${start.repository} THEN ${start.tag} ELSE '' END)`
  const text = `
    SELECT r.id AS repository, f.image, f.name, f.digest, f.media_type, f.holder
    FROM (SELECT DISTINCT id FROM unnest(${repository}) AS id) r
    CROSS JOIN LATERAL (${new OneRepository(query, values, most, from).text}) f
    ORDER BY r.id, f.image, f.name LIMIT ${most}`
  return { statement: { text }, values: values.all }
}

class Values {
  readonly all: unknown[] = []

  add(value: unknown, type: string): string {
    this.all.push(value)
    return `$${this.all.length}::${type}`
  }
}

/** The part of the statement for the repository `r.id`. */
class OneRepository {
  readonly text: string

  constructor(
    private readonly query: TagQuery,
    private readonly values: Values,
    most: string,
    private readonly from: (image: string, tag: string) => string,
  ) {
    const { manifest, digest = manifest, properties = [], labels = [], annotations = [] } = query
    const criteria = [...properties, ...labels, ...annotations]
    const [first] = properties
    if (digest !== undefined) this.text = this.#byDigest(digest, most)
    else if (first !== undefined && criteria.length === 1)
      this.text = this.#listed(this.#byProperty(first), most)
    else if (criteria.length > 0) this.text = this.#listed(this.#byCriteria(), most)
    else this.text = this.#listed(this.#byName(), most)
  }

  /** @param source of (image, name), in this order and each once */
  #listed(source: string, most: string): string {
    return `
      SELECT t.image, t.name, t.digest, m.media_type, NULL AS holder FROM (${source}) s
      CROSS JOIN LATERAL (
        SELECT * FROM tags t WHERE t.repo_id = r.id AND t.image = s.image AND t.name = s.name LIMIT 1
      ) t
      CROSS JOIN LATERAL (${manifestOfTag}) m
      WHERE ${this.#ofManifest()}
      ORDER BY s.image, s.name LIMIT ${most}`
  }

  #byName(): string {
    const conditions = [this.from('t.image', 't.name'), ...this.#ofTag('t.image', 't.name')]
    return `
      SELECT t.image, t.name FROM tags t WHERE t.repo_id = r.id AND ${conditions.join(' AND ')}
      ORDER BY t.image, t.name`
  }

  /** By the index of values alone, in its order: however many have it, no more are read than are told. */
  #byProperty({ key, values }: Criterion): string {
    const all = [
      `p.key = ${this.values.add(key, 'text')}`,
      this.#isAnyOf('p.value', values),
      this.from('p.image', 'p.tag'),
      ...this.#ofTag('p.image', 'p.tag'),
    ]
    return `
      SELECT DISTINCT p.image, p.tag AS name FROM tag_properties p
      WHERE p.repo_id = r.id AND ${all.join(' AND ')} AND EXISTS (
        SELECT 1 FROM tags n
        WHERE n.repo_id = r.id AND n.image = p.image AND n.name = p.tag AND n.revision = p.revision OFFSET 0
      )
      ORDER BY p.image, p.tag`
  }

  /** Which of them is rare, and so to begin with, the statistics of the database know. */
  #byCriteria(): string {
    const { tables, conditions } = this.#criteria('n')
    const all = [this.from('n.image', 'n.name'), ...this.#ofTag('n.image', 'n.name'), ...conditions]
    return `
      SELECT DISTINCT n.image, n.name FROM tags n ${tables.join(' ')}
      WHERE n.repo_id = r.id AND ${all.join(' AND ')} ORDER BY n.image, n.name`
  }

  /** Image by image, because a base layer may be in all tags there are. */
  #byDigest(digest: string, most: string): string {
    const wanted = this.values.add(digest, 'text')
    const { tables, conditions } = this.#criteria('t')
    const all = [this.from('t.image', 't.name'), ...this.#ofTag('t.image', 't.name'), ...conditions]
    return `
      SELECT f.image, f.name, f.digest, f.media_type, f.holder
      FROM (
        SELECT image FROM manifests d WHERE d.repo_id = r.id AND d.digest = ${wanted}
        UNION
        SELECT image FROM repo_blobs b WHERE b.repo_id = r.id AND b.digest = ${wanted}
        ORDER BY image
      ) i
      CROSS JOIN LATERAL (
        SELECT DISTINCT ON (t.name) t.image, t.name, t.digest, m.media_type, h.holder
        FROM (
          WITH holders AS MATERIALIZED (
            SELECT d.digest AS holder FROM manifests d
            WHERE d.repo_id = r.id AND d.image = i.image AND d.digest = ${wanted}
            UNION
            SELECT n.manifest_digest FROM manifest_blobs n
            WHERE n.repo_id = r.id AND n.image = i.image AND n.blob_digest = ${wanted}
            UNION
            SELECT n.manifest_digest FROM cached_manifest_blobs n
            WHERE n.repo_id = r.id AND n.image = i.image AND n.blob_digest = ${wanted}
          )
          SELECT holder, holder AS manifest FROM holders
          UNION ALL
          SELECT o.holder, c.parent FROM holders o
          JOIN manifest_children c ON c.repo_id = r.id AND c.image = i.image AND c.child = o.holder
        ) h
        JOIN tags t ON t.repo_id = r.id AND t.image = i.image AND t.digest = h.manifest
        ${tables.join(' ')}
        CROSS JOIN LATERAL (${manifestOfTag}) m
        WHERE ${[...all, this.#ofManifest()].join(' AND ')}
        ORDER BY t.name, h.holder LIMIT ${most}
      ) f
      ORDER BY i.image, f.name LIMIT ${most}`
  }

  /** @param tag the alias of the tag that they are criteria of */
  #criteria(tag: string): { readonly tables: readonly string[]; readonly conditions: readonly string[] } {
    const tables: string[] = []
    const conditions: string[] = []
    const add = (table: string, reference: string, { key, values }: Criterion) => {
      const alias = `c${tables.length}`
      tables.push(
        `JOIN ${table} ${alias} ON ${alias}.repo_id = ${tag}.repo_id AND ${alias}.image = ${tag}.image
          AND ${reference.replaceAll('?', alias)}`,
      )
      conditions.push(
        `${alias}.key = ${this.values.add(key, 'text')}`,
        this.#isAnyOf(`${alias}.value`, values),
      )
    }
    const { properties = [], labels = [], annotations = [] } = this.query
    for (const one of properties) {
      add('tag_properties', `?.tag = ${tag}.name AND ?.revision = ${tag}.revision`, one)
    }
    const ofManifest = (kind: string) => `?.digest = ${tag}.digest AND ?.kind = '${kind}'`
    for (const one of labels) add('manifest_properties', ofManifest('label'), one)
    for (const one of annotations) add('manifest_properties', ofManifest('annotation'), one)
    return { tables, conditions }
  }

  #ofManifest(): string {
    const { mediaTypes, manifest } = this.query
    const ofType =
      mediaTypes === undefined ? 'true' : `m.media_type = ANY (${this.values.add(mediaTypes, 'text[]')})`
    return manifest === undefined ? ofType : `${ofType} AND t.digest = ${this.values.add(manifest, 'text')}`
  }

  #ofTag(image: string, tag: string): readonly string[] {
    const { query } = this
    const conditions: string[] = []
    if (query.image !== undefined) conditions.push(this.#matches(image, query.image))
    if (query.tag !== undefined) conditions.push(this.#matches(tag, query.tag))
    if (query.name !== undefined) {
      const any = [
        this.#matches(tag, query.name),
        this.#matches(image, query.name),
        `${image} LIKE '%/' || ${this.values.add(likeOf(query.name), 'text')}`,
      ]
      conditions.push(`(${any.join(' OR ')})`)
    }
    return conditions
  }

  #isAnyOf(column: string, values: readonly TextMatch[]): string {
    const start = `left(${column}, ${indexed})`
    const any = values.map((value) => {
      if ('is' in value) {
        const is = this.values.add(value.is, 'text')
        return `(${start} = left(${is}, ${indexed}) AND ${column} = ${is})`
      }
      return `(${this.#beginsAs(start, value.like)}${column} LIKE ${this.values.add(likeOf(value), 'text')})`
    })
    return any.length === 0 ? 'true' : `(${any.join(' OR ')})`
  }

  #matches(column: string, match: TextMatch): string {
    if ('is' in match) return `${column} = ${this.values.add(match.is, 'text')}`
    return `${this.#beginsAs(column, match.like)}${column} LIKE ${this.values.add(likeOf(match), 'text')}`
  }

  /** So that an index finds where it begins. */
  #beginsAs(column: string, glob: string): string {
    const [prefix = ''] = glob.split(/[*?]/, 1)
    const begin = Array.from(prefix).slice(0, indexed).join('')
    if (begin === '') return ''
    const text = this.values.add(begin, 'text')
    return `${column} >= ${text} AND ${column} < ${text} || '${last}' AND `
  }
}

const manifestOfTag = `
  SELECT m.media_type FROM manifests m
  WHERE m.repo_id = r.id AND m.image = t.image AND m.digest = t.digest LIMIT 1`

function likeOf(match: TextMatch): string {
  const glob = 'is' in match ? match.is : match.like
  const escaped = glob.replaceAll(/[\\%_]/g, '\\$&')
  return 'is' in match ? escaped : escaped.replaceAll('*', '%').replaceAll('?', '_')
}
