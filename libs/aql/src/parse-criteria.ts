import type { FieldType } from './aql-fields.js'
import {
  type AqlComparison,
  type AqlCriterion,
  type AqlGroup,
  type AqlSubject,
  type AqlValue,
  type BuildReference,
  type Comparison,
  comparisons,
} from './aql-query.js'
import type { AqlNode, AqlPair, AqlReader } from './aql-reader.js'
import { parseMoment, parsePeriod } from './aql-time.js'

export interface AqlDomain<F extends string> {
  readonly fields: Readonly<Record<F, FieldType>>
  readonly shown: readonly F[]
  readonly hasProperties: boolean
  /** Whether its content can be listed by builds. */
  readonly hasBuilds: boolean
  /** A group of nothing counts as one. */
  readonly maximumComparisons: number
}

type Scalar = AqlNode & { readonly kind: 'scalar' }

const groups: ReadonlyMap<string, AqlGroup<never>['kind']> = new Map([
  ['$and', 'and'],
  ['$or', 'or'],
  ['$msp', 'same-property'],
])

const relative: ReadonlyMap<string, Comparison> = new Map([
  ['$before', '$lt'],
  ['$last', '$gte'],
])

/** @throws RegistryError REQUEST_INVALID with the position */
export function parseCriteria<F extends string>(
  reader: AqlReader,
  domain: AqlDomain<F>,
  now: Date,
): AqlGroup<F> {
  const node = reader.node()
  reader.require(')')
  return new CriteriaParser(reader, domain, now).group('and', [node])
}

/**
 * The pairs of an object belong to the operator that it stands under: those in an `$or` are alternatives, as clients that
 * exclude by path or name rely on.
 */
class CriteriaParser<F extends string> {
  #count = 0

  constructor(
    private readonly reader: AqlReader,
    private readonly domain: AqlDomain<F>,
    private readonly now: Date,
  ) {}

  group(kind: AqlGroup<F>['kind'], nodes: readonly AqlNode[]): AqlGroup<F> {
    return {
      kind,
      of: nodes.flatMap((node) => this.#pairsOf(node).map((pair) => this.#criterion(pair, kind))),
    }
  }

  #pairsOf(node: AqlNode): readonly AqlPair[] {
    return node.kind === 'object'
      ? node.pairs
      : this.reader.fail('an object of criteria, {"field": value}', node.at)
  }

  #criterion({ at, name, value }: AqlPair, inside: AqlGroup<F>['kind']): AqlCriterion<F> {
    const kind = groups.get(name)
    if (kind === undefined) return this.#comparisons({ at, name, value }, inside)
    if (value.kind !== 'list') return this.reader.fail(`a list of objects after ${name}`, value.at)
    if (inside === 'same-property') return this.reader.fail('only properties inside of $msp', at)
    if (kind === 'same-property' && !this.domain.hasProperties) return this.reader.fail('a field', at)
    const group = this.group(kind, value.items)
    if (group.of.length === 0) this.#countOne(at)
    return group
  }

  #countOne(at: number): void {
    const { maximumComparisons } = this.domain
    this.#count += 1
    if (this.#count > maximumComparisons) this.reader.fail(`at most ${maximumComparisons} comparisons`, at)
  }

  #comparisons({ at, name, value }: AqlPair, inside: AqlGroup<F>['kind']): AqlCriterion<F> {
    const subject = this.#subject(name, at)
    const isOfProperty = subject.kind === 'property' || subject.kind === 'property-part'
    if (inside === 'same-property' && !isOfProperty) this.reader.fail('only properties inside of $msp', at)
    if (value.kind === 'scalar') return this.#comparison(subject, '$eq', at, value)
    if (value.kind !== 'object' || value.pairs.length === 0) {
      return this.reader.fail('a value, or an object such as {"$match": "*"}', value.at)
    }
    const of = value.pairs.map((pair) => this.#operator(subject, pair))
    const [only] = of
    return of.length === 1 && only !== undefined ? only : { kind: 'and', of }
  }

  #operator(subject: AqlSubject<F>, { at, name, value }: AqlPair): AqlComparison<F> {
    const isKnown = (comparisons as readonly string[]).includes(name) || relative.has(name)
    if (!isKnown) this.reader.fail(`one of ${[...comparisons, ...relative.keys()].join(', ')}`, at)
    if (value.kind !== 'scalar') return this.reader.fail(`text or a number after ${name}`, value.at)
    return this.#comparison(subject, name, at, value)
  }

  #comparison(subject: AqlSubject<F>, operator: string, at: number, node: Scalar): AqlComparison<F> {
    this.#countOne(at)
    const type = subject.kind === 'field' ? this.domain.fields[subject.field] : 'text'
    const counted = relative.get(operator)
    if (counted !== undefined) {
      if (type !== 'time') this.reader.fail(`a comparison that is not of times, as ${operator} is`, at)
      return { kind: 'comparison', subject, comparison: counted, value: this.#ago(node) }
    }
    const comparison = operator as Comparison
    const isPattern = comparison === '$match' || comparison === '$nmatch'
    if (isPattern && type !== 'text')
      this.reader.fail(`a comparison that is not of text, as ${operator} is`, at)
    const isOrder = !isPattern && comparison !== '$eq' && comparison !== '$ne'
    if (isOrder && type === 'type') this.reader.fail('$eq or $ne', at)
    if (node.value === null && (isPattern || isOrder)) this.reader.fail('text or a number', node.at)
    return { kind: 'comparison', subject, comparison, value: this.#value(type, node) }
  }

  #subject(name: string, at: number): AqlSubject<F> {
    const { fields, hasProperties, hasBuilds } = this.domain
    if (Object.hasOwn(fields, name)) return { kind: 'field', field: name as F }
    if (hasProperties && name.startsWith('@') && name.length > 1)
      return { kind: 'property', key: name.slice(1) }
    if (hasProperties && name === 'property.key') return { kind: 'property-part', part: 'key' }
    if (hasProperties && name === 'property.value') return { kind: 'property-part', part: 'value' }
    const build = /^(artifact|dependency)\.module\.build\.(name|number)$/.exec(name)
    if (hasBuilds && build !== null) {
      return { kind: 'build', role: build[1], field: build[2] } as AqlSubject<F> & BuildReference
    }
    const others = hasBuilds
      ? ', "@<property>", artifact.module.build.name or .number, dependency.module.build.name or .number'
      : ''
    return this.reader.fail(`$and, $or or one of ${Object.keys(fields).join(', ')}${others}`, at)
  }

  #value(type: FieldType, { at, value }: Scalar): AqlValue {
    if (value === null) return null
    switch (type) {
      case 'text':
        return `${value}`
      case 'type':
        if (value === 'file' || value === 'folder' || value === 'any') return value
        return this.reader.fail('"file", "folder" or "any"', at)
      case 'number': {
        const number = typeof value === 'string' && /^-?\d{1,16}$/.test(value) ? Number(value) : value
        return typeof number === 'number' && Number.isSafeInteger(number)
          ? number
          : this.reader.fail('a whole number', at)
      }
      case 'time': {
        const moment = typeof value === 'boolean' ? undefined : parseMoment(value)
        return moment ?? this.reader.fail('a time such as "2026-01-31T12:00:00Z"', at)
      }
    }
  }

  #ago({ at, value }: Scalar): Date {
    const period = typeof value === 'string' ? parsePeriod(value) : undefined
    if (period === undefined) return this.reader.fail('a period such as "3d", "2w" or "5minutes"', at)
    return new Date(Math.max(this.now.getTime() - period, 0))
  }
}
