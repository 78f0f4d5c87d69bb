import {
  type AqlComparison,
  type AqlCriterion,
  type AqlGroup,
  type AqlValue,
  type BuildReference,
  type Comparison,
  deniedBy,
  type ItemField,
  textOf,
} from '@entrepot/aql'
import { isComputed, type ItemScope, repositoriesWhere } from '@entrepot/oci-repository'
import { actorOf, type Arm, isIndex, timeOf } from './arms.js'
import { likePattern, listOf, type Parameters } from './parameters.js'

type Criterion = AqlCriterion<ItemField>
type Compared = AqlComparison<ItemField>
type OfBuild = Compared & { readonly subject: { readonly kind: 'build' } & BuildReference }

const operators: Readonly<Record<Exclude<Comparison, '$match' | '$nmatch' | '$ne'>, string>> = {
  $eq: '=',
  $gt: '>',
  $gte: '>=',
  $lt: '<',
  $lte: '<=',
}

/** The criteria of a query as conditions over the tables of one arm. Fixed words become SQL; all else is bound. */
export class ItemConditions {
  constructor(
    private readonly arm: Arm,
    private readonly scope: ItemScope,
    private readonly parameters: Parameters,
  ) {}

  of(criterion: Criterion): string {
    if (criterion.kind === 'comparison') return this.#comparison(criterion)
    if (criterion.kind === 'same-property') return this.#sameProperty(criterion.of as readonly Compared[])
    if (criterion.kind === 'or')
      return joined(
        'OR',
        criterion.of.map((each) => this.of(each)),
        'false',
      )
    return joined('AND', this.#all(criterion), 'true')
  }

  /** What is said of builds has to be true of one and the same build. */
  #all({ of }: AqlGroup<ItemField>): readonly string[] {
    const builds = of.filter(isOfBuild)
    const others = of.filter((each) => !isOfBuild(each)).map((each) => this.of(each))
    const byRole = Map.groupBy(builds, ({ subject }) => subject.role)
    return [...others, ...[...byRole.values()].map((group) => this.#build(group))]
  }

  #comparison(compared: Compared): string {
    const { subject } = compared
    switch (subject.kind) {
      case 'field':
        return this.#field(subject.field, compared)
      case 'build':
        return this.#build([compared as OfBuild])
      case 'property':
      case 'property-part':
        return this.#property(compared)
    }
  }

  #field(field: ItemField, compared: Compared): string {
    const { arm } = this
    switch (field) {
      case 'repo':
        return `m.repo_id = ANY (${this.parameters.add(repositoriesWhere(compared, this.scope.repositories), 'int[]')})`
      case 'type':
        return `${isOfType(arm, compared)}`
      case 'path':
        return this.#path(compared)
      case 'name':
        return this.#name(compared)
      case 'size':
        return this.#compare(arm.size, compared, 'bigint')
      case 'depth':
        return this.#compare(arm.depth, compared, 'bigint')
      case 'created':
        return this.#compare(timeOf(arm, 'created'), compared, 'timestamptz')
      case 'modified':
      case 'updated':
        return this.#compare(timeOf(arm, 'modified'), compared, 'timestamptz')
      case 'created_by':
      case 'modified_by':
        return this.#compare(actorOf(arm, field === 'created_by' ? 'created' : 'modified'), compared, 'text')
      case 'sha256':
        return this.#sha256(compared)
      case 'actual_sha1':
      case 'original_sha1':
        return this.#compare(
          `(SELECT s.sha1 FROM content_checksums s WHERE s.digest = ${arm.content})`,
          compared,
          'text',
        )
      case 'actual_md5':
      case 'original_md5':
        return this.#compare('NULL::text', compared, 'text')
    }
  }

  /** Equality by the columns that have indexes; what is known of the beginning, too. */
  #path(compared: Compared): string {
    const { arm, parameters } = this
    const { comparison, value } = compared
    const meant =
      arm.by === 'digest' && typeof value === 'string' ? value.replaceAll('sha256__', 'sha256:') : value
    const plain = () => this.#compare(arm.path, { ...compared, value: meant }, 'text')
    const isFile = arm.kind === 'manifest' || arm.kind === 'blob'
    if (!isFile || typeof meant !== 'string' || (comparison !== '$eq' && comparison !== '$match'))
      return plain()
    if (comparison === '$eq') {
      const slash = meant.lastIndexOf('/')
      const image = parameters.add(meant.slice(0, Math.max(slash, 0)), 'text')
      return `(${arm.image} = ${image} AND ${arm.reference} = ${parameters.add(meant.slice(slash + 1), 'text')})`
    }
    const prefix = /^[^*?]*/.exec(meant)?.[0] ?? ''
    if (!prefix.includes('/')) return plain()
    const above = [...prefix.matchAll(/\//g)].map(({ index }) => prefix.slice(0, index))
    const below = parameters.add(likePattern(prefix) + '%', 'text')
    const about = `(${arm.image} LIKE ${below} OR ${arm.image} = ANY (${parameters.add(above, 'text[]')}))`
    return `(${about} AND ${plain()})`
  }

  #name(compared: Compared): string {
    const { arm, parameters } = this
    const { comparison, value } = compared
    if (comparison !== '$eq' || typeof value !== 'string') return this.#compare(arm.name, compared, 'text')
    switch (arm.kind) {
      case 'manifest':
        if (value === 'manifest.json') return `NOT (${isIndex})`
        return value === 'list.manifest.json' ? `(${isIndex})` : 'false'
      case 'blob':
        return `${arm.content} = ${parameters.add(value.replace('__', ':'), 'text')}`
      case 'folder':
        return arm.by === 'digest'
          ? `${arm.reference} = ${parameters.add(value.replace('__', ':'), 'text')}`
          : `${arm.reference} = ${parameters.add(value, 'text')}`
      case 'image':
        return this.#compare(arm.name, compared, 'text')
    }
  }

  #sha256(compared: Compared): string {
    const { comparison, value } = compared
    const { content } = this.arm
    if (comparison === '$eq' && typeof value === 'string') {
      return `${content} = ${this.parameters.add(`sha256:${value}`, 'text')}`
    }
    return this.#compare(`substr(${content}, strpos(${content}, ':') + 1)`, compared, 'text')
  }

  #compare(
    expression: string,
    { comparison, value }: Compared,
    type: 'text' | 'bigint' | 'timestamptz',
  ): string {
    const positive = deniedBy.get(comparison)
    if (positive !== undefined) {
      return `NOT coalesce(${this.#positive(expression, positive, value, type)}, false)`
    }
    return this.#positive(expression, comparison, value, type)
  }

  #positive(
    expression: string,
    comparison: Comparison,
    value: AqlValue,
    type: 'text' | 'bigint' | 'timestamptz',
  ): string {
    if (value === null) return `${expression} IS NULL`
    if (comparison === '$match')
      return `${expression} LIKE ${this.parameters.add(likePattern(textOf(value)), 'text')}`
    const operator = operators[comparison as keyof typeof operators]
    const collated = type === 'text' ? `${expression} COLLATE "C"` : expression
    return `${collated} ${operator} ${this.parameters.add(value, type)}`
  }

  #property({ subject, comparison, value }: Compared): string {
    const positive = deniedBy.get(comparison)
    const having = (asked: Comparison) => {
      const key = subject.kind === 'property' ? this.#key(subject.key) : 'true'
      const column = subject.kind === 'property-part' && subject.part === 'key' ? 'p.key' : 'p.value'
      const isThere = value === null ? 'true' : this.#value(column, asked, value)
      return this.#propertyExists(
        `${key} AND ${isThere}`,
        subject.kind === 'property' ? subject.key : undefined,
      )
    }
    // Null is "has none".
    const isDenied = (positive !== undefined) !== (value === null)
    return isDenied ? `NOT ${having(positive ?? comparison)}` : having(positive ?? comparison)
  }

  #sameProperty(compared: readonly Compared[]): string {
    const conditions = compared.map(({ subject, comparison, value }) => {
      const column = subject.kind === 'property-part' && subject.part === 'key' ? 'p.key' : 'p.value'
      const condition = this.#compareValue(column, comparison, value)
      return subject.kind === 'property' ? `(${this.#key(subject.key)} AND ${condition})` : condition
    })
    return this.#propertyExists(joined('AND', conditions, 'true'), undefined)
  }

  #compareValue(column: string, comparison: Comparison, value: AqlValue): string {
    const positive = deniedBy.get(comparison)
    if (value === null) return positive === undefined ? 'false' : 'true'
    return positive === undefined
      ? this.#value(column, comparison, value)
      : `NOT ${this.#value(column, positive, value)}`
  }

  /** The index of properties has the beginnings of values. */
  #value(column: string, comparison: Comparison, value: AqlValue): string {
    const plain = this.#positive(column, comparison, value, 'text')
    if (comparison !== '$eq' || column !== 'p.value') return plain
    return `(left(p.value, 128) = left(${this.parameters.add(value, 'text')}, 128) AND ${plain})`
  }

  #key(key: string): string {
    return this.#positive('p.key', key.includes('*') ? '$match' : '$eq', key, 'text')
  }

  /** @param key undefined where it may be any: then those that files have of themselves are looked at as well */
  #propertyExists(condition: string, key: string | undefined): string {
    const { arm } = this
    const stored = `(${this.#isOpen()} AND EXISTS (SELECT 1 FROM ${propertiesOf[arm.by]} AND ${condition}))`
    const isOwn = key === undefined || key.includes('*') || isComputed(key)
    if (!isOwn || arm.kind === 'image' || arm.kind === 'folder') return stored
    const own = `(${arm.kind === 'manifest' ? ownOfManifest(arm) : ownOfBlob(arm)}) AS p (key, value)`
    return `(${stored} OR EXISTS (SELECT 1 FROM ${own} WHERE ${condition}))`
  }

  /** Only images have properties that may be kept from who finds them. */
  #isOpen(): string {
    const { closed } = this.scope
    if (this.arm.by !== 'image' || closed.length === 0) return 'true'
    const ids = this.parameters.add(
      listOf(closed, 'ids', ({ repository }) => repository),
      'int[]',
    )
    const images = this.parameters.add(
      listOf(closed, 'images', ({ image }) => image),
      'text[]',
    )
    return `(m.repo_id, ${this.arm.image}) NOT IN (SELECT * FROM unnest(${ids}, ${images}))`
  }

  /** The content is found by what the builds list; one without SHA-256 by its SHA-1, which is known if anybody asked for it. */
  #build(compared: readonly OfBuild[]): string {
    const [first] = compared
    if (first === undefined || this.arm.kind === 'folder' || this.arm.kind === 'image') return 'false'
    const conditions = compared.map(({ subject, comparison, value }) =>
      this.#compare(
        subject.field === 'name' ? 'r.name' : 'r.number',
        { ...first, comparison, value },
        'text',
      ),
    )
    const { publisher } = this.scope
    const seen =
      publisher === undefined ? 'true' : `r.publisher_id = ${this.parameters.add(publisher, 'text')}`
    const listed = `FROM builds r JOIN build_contents k ON k.build_id = r.id AND k.role = '${first.subject.role}'`
    const where = joined('AND', [seen, ...conditions], 'true')
    return `${this.arm.content} IN (
      SELECT 'sha256:' || k.sha256 ${listed} WHERE ${where} AND k.sha256 IS NOT NULL
      UNION SELECT s.digest ${listed} JOIN content_checksums s ON s.sha1 = k.sha1 WHERE ${where} AND k.sha256 IS NULL)`
  }
}

const sha256Of = ({ content }: Arm) => `('sha256', substr(${content}, strpos(${content}, ':') + 1))`

const ownOfBlob = (arm: Arm) => `VALUES ${sha256Of(arm)}`

const ownOfManifest = (arm: Arm) => `
    VALUES ${sha256Of(arm)}, ('artifactory.content-type', m.media_type), ('docker.manifest.type', m.media_type),
      ('docker.manifest', ${arm.reference}), ('docker.manifest.digest', ${arm.manifest}), ('docker.repoName', ${arm.image})
    UNION ALL
    SELECT CASE y.kind WHEN 'label' THEN 'docker.label.' ELSE 'oci.annotation.' END || y.key, y.value
    FROM manifest_properties y
    WHERE y.repo_id = m.repo_id AND y.image = m.image AND y.digest = m.digest AND y.kind IN ('label', 'annotation')`

const propertiesOf: Readonly<Record<Arm['by'], string>> = {
  tag: `tag_properties p WHERE p.repo_id = t.repo_id AND p.image = t.image AND p.tag = t.name AND p.revision = t.revision`,
  digest: `manifest_properties p WHERE p.repo_id = m.repo_id AND p.image = m.image AND p.digest = m.digest
    AND p.kind = 'property'`,
  image: 'image_properties p WHERE p.repo_id = m.repo_id AND p.image = m.image',
}

function isOfBuild(criterion: Criterion): criterion is OfBuild {
  return criterion.kind === 'comparison' && criterion.subject.kind === 'build'
}

function isOfType(arm: Arm, { comparison, value }: Compared): boolean {
  const type = arm.kind === 'manifest' || arm.kind === 'blob' ? 'file' : 'folder'
  const isEqual = value === 'any' || value === type
  return (comparison === '$eq') === isEqual
}

function joined(word: 'AND' | 'OR', conditions: readonly string[], none: string): string {
  return conditions.length === 0 ? none : `(${conditions.join(` ${word} `)})`
}
