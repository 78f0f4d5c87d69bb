import {
  type BuildField,
  buildFields,
  type ItemField,
  itemFields,
  shownBuildFields,
  shownItemFields,
} from './aql-fields.js'
import type { AqlInclude, AqlQuery, AqlSort } from './aql-query.js'
import { AqlReader } from './aql-reader.js'
import { type AqlDomain, parseCriteria } from './parse-criteria.js'

/** What an answer may start at: beyond it a query is narrowed instead. */
export const maximumOffset = 1_000_000

const itemDomain: AqlDomain<ItemField> = {
  fields: itemFields,
  shown: shownItemFields,
  hasProperties: true,
  hasBuilds: true,
  maximumComparisons: 5000,
}

/** Here and not by the database each run of a build is compared. */
const buildDomain: AqlDomain<BuildField> = {
  fields: buildFields,
  shown: shownBuildFields,
  hasProperties: false,
  hasBuilds: false,
  maximumComparisons: 100,
}

/**
 * A query in the Artifactory Query Language, as far as it has a meaning here: `items.find({...})` or `builds.find({...})`,
 * then any of `.include("name", ...)`, `.sort({"$asc": ["name"]})`, `.offset(n)`, `.limit(n)`, `.distinct(b)` and
 * `.transitive()`; the last two change nothing.
 * @param now what `$before` and `$last` count from
 * @throws RegistryError REQUEST_INVALID with the position and what was expected there
 */
export function parseAql(text: string, now: Date): AqlQuery {
  const reader = new AqlReader(text)
  const at = (reader.isAtEnd, reader.at)
  const domain = reader.word('items.find( or builds.find(')
  if (domain === 'items.find') return { domain: 'items', ...parseFind(reader, itemDomain, now) }
  if (domain === 'builds.find') return { domain: 'builds', ...parseFind(reader, buildDomain, now) }
  return reader.fail('items.find( or builds.find(', at)
}

interface Modifiers<F> {
  include: AqlInclude<F>
  sort: AqlSort<F> | undefined
  offset: number
  limit: number | undefined
}

function parseFind<F extends string>(reader: AqlReader, domain: AqlDomain<F>, now: Date) {
  reader.require('(')
  const where = reader.takes(')') ? { kind: 'and' as const, of: [] } : parseCriteria(reader, domain, now)
  const modifiers: Modifiers<F> = {
    include: { fields: domain.shown, properties: [] },
    sort: undefined,
    offset: 0,
    limit: undefined,
  }
  const seen = new Set<string>()
  while (!reader.isAtEnd) {
    const { at } = reader
    const name = reader.takes('.') ? reader.word('include, sort, offset or limit') : ''
    if (name === '') reader.fail('".include(", ".sort(", ".offset(", ".limit(" or the end', at)
    if (seen.has(name)) reader.fail(`.${name} once`, at)
    seen.add(name)
    reader.require('(')
    parseModifier(name, at, modifiers, reader, domain)
    reader.require(')')
  }
  return { where, ...modifiers }
}

function parseModifier<F extends string>(
  name: string,
  at: number,
  modifiers: Modifiers<F>,
  reader: AqlReader,
  domain: AqlDomain<F>,
): void {
  switch (name) {
    case 'include':
      modifiers.include = parseInclude(reader, domain)
      return
    case 'sort':
      modifiers.sort = parseSort(reader, domain)
      return
    case 'offset':
      modifiers.offset = reader.wholeNumber(maximumOffset)
      return
    case 'limit':
      modifiers.limit = reader.wholeNumber(Number.MAX_SAFE_INTEGER)
      return
    case 'distinct':
      if (!reader.takes('true') && !reader.takes('false')) reader.fail('true or false')
      return
    case 'transitive':
      return
    default:
      reader.fail('".include(", ".sort(", ".offset(" or ".limit("', at)
  }
}

/** What only another domain has, such as `stat`, is not there to be shown. */
const otherDomains = /^(?:stat|archive|artifact|dependency|module|build|release|release_artifact)(?:\.|$)/

function parseInclude<F extends string>(reader: AqlReader, domain: AqlDomain<F>): AqlInclude<F> {
  const fields = new Set<F>()
  const properties = new Set<string>()
  do {
    const { at, value: name } = reader.string('a field in quotes')
    const isProperty = domain.hasProperties && /^(?:property(?:\.(?:\*|key|value))?|@.+)$/s.test(name)
    if (name === '*') for (const field of allOf(domain)) fields.add(field)
    else if (isField(domain, name)) fields.add(name)
    else if (isProperty) properties.add(name.startsWith('@') ? name.slice(1) : '*')
    else if (!otherDomains.test(name))
      reader.fail(`"*", "property" or one of ${allOf(domain).join(', ')}`, at)
  } while (reader.takes(','))
  return {
    fields: fields.size === 0 ? domain.shown : allOf(domain).filter((field) => fields.has(field)),
    properties: [...properties],
  }
}

function parseSort<F extends string>(reader: AqlReader, domain: AqlDomain<F>): AqlSort<F> {
  reader.require('{')
  const { at, value } = reader.string('"$asc" or "$desc"')
  if (value !== '$asc' && value !== '$desc') reader.fail('"$asc" or "$desc"', at)
  reader.require(':')
  reader.require('[')
  const fields = new Set<F>()
  do {
    const name = reader.string('a field in quotes')
    if (!isField(domain, name.value)) reader.fail(`one of ${allOf(domain).join(', ')}`, name.at)
    else fields.add(name.value)
  } while (reader.takes(','))
  reader.require(']')
  reader.require('}')
  return { direction: value === '$desc' ? 'desc' : 'asc', fields: [...fields] }
}

function allOf<F extends string>({ fields }: AqlDomain<F>): readonly F[] {
  return Object.keys(fields) as F[]
}

function isField<F extends string>({ fields }: AqlDomain<F>, name: string): name is F {
  return Object.hasOwn(fields, name)
}
