import type { AqlCriterion, AqlQuery, AqlSubject, AqlValue } from '../aql-query.js'

/** A text that is parsed to just this query. */
export function printAql(query: AqlQuery): string {
  const { domain, where, include, sort, offset, limit } = query
  const shown = [
    ...include.fields,
    ...include.properties.map((key) => (key === '*' ? 'property.*' : `@${key}`)),
  ]
  return [
    `${domain}.find({${where.of.map(printCriterion).join(', ')}})`,
    `.include(${shown.map((name) => JSON.stringify(name)).join(', ')})`,
    sort === undefined ? '' : `.sort({"$${sort.direction}": ${JSON.stringify(sort.fields)}})`,
    `.offset(${offset})`,
    limit === undefined ? '' : `.limit(${limit})`,
  ].join('')
}

function printList(criteria: readonly AqlCriterion<string>[]): string {
  return `[${criteria.map((each) => `{${printCriterion(each)}}`).join(', ')}]`
}

function printCriterion(criterion: AqlCriterion<string>): string {
  if (criterion.kind !== 'comparison') {
    const operator = criterion.kind === 'same-property' ? 'msp' : criterion.kind
    return `"$${operator}": ${printList(criterion.of)}`
  }
  const { subject, comparison, value } = criterion
  return `${JSON.stringify(nameOf(subject))}: {"${comparison}": ${printValue(value)}}`
}

function nameOf(subject: AqlSubject<string>): string {
  switch (subject.kind) {
    case 'field':
      return subject.field
    case 'property':
      return `@${subject.key}`
    case 'property-part':
      return `property.${subject.part}`
    case 'build':
      return `${subject.role}.module.build.${subject.field}`
  }
}

function printValue(value: AqlValue): string {
  return JSON.stringify(value instanceof Date ? value.toISOString() : value)
}
