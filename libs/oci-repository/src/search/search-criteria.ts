import { parseDigest, RegistryError } from '@entrepot/kernel'
import { partOfComputed } from '../properties/computed-properties.js'
import { type Criterion, maximumCriteria, type TagQuery, type TextMatch } from './tag-search-store.js'

type Query = Omit<TagQuery, 'repositories'>

/** Those with a `*` or `?` in it are globs. */
export function textMatch(text: string): TextMatch {
  return /[*?]/.test(text) ? { like: text } : { is: text }
}

/**
 * What properties are asked for, those that say what a manifest is too.
 * @throws RegistryError REQUEST_INVALID for more criteria than there may be, or for one that can't be searched for so
 */
export function queryOfProperties(criteria: readonly Criterion[]): Query {
  if (criteria.length > maximumCriteria) {
    throw invalid(`there are ${criteria.length} criteria, expected at most ${maximumCriteria}`)
  }
  const properties: Criterion[] = []
  const labels: Criterion[] = []
  const annotations: Criterion[] = []
  let query: Query = {}
  for (const criterion of criteria) {
    const part = partOfComputed(criterion.key)
    const computed = part === undefined ? computedQuery(criterion) : undefined
    if (part !== undefined) {
      const said = { key: part.key, values: criterion.values }
      if (part.kind === 'label') labels.push(said)
      else annotations.push(said)
    } else if (computed === undefined) {
      properties.push(criterion)
    } else {
      query = { ...query, ...computed }
    }
  }
  return { ...query, properties, labels, annotations }
}

/** Every manifest has these: without a value they ask for nothing. */
function computedQuery({ key, values }: Criterion): Query | undefined {
  switch (key) {
    case 'docker.manifest':
      return values.length === 0 ? {} : { tag: onlyOf(key, values) }
    case 'docker.repoName':
      return values.length === 0 ? {} : { image: onlyOf(key, values) }
    case 'docker.manifest.type':
    case 'artifactory.content-type':
      return values.length === 0 ? {} : { mediaTypes: values.map((value) => textOf(key, value)) }
    case 'docker.manifest.digest':
      return values.length === 0 ? {} : { manifest: parseDigest(textOf(key, onlyOf(key, values))) }
    case 'sha256':
      return values.length === 0
        ? {}
        : { manifest: parseDigest(`sha256:${textOf(key, onlyOf(key, values))}`) }
    default:
      return undefined
  }
}

function onlyOf(key: string, [value, ...others]: readonly TextMatch[]): TextMatch {
  if (value === undefined || others.length > 0) throw invalid(`${key} has several values, expected one`)
  return value
}

function textOf(key: string, value: TextMatch): string {
  if ('is' in value) return value.is
  throw invalid(`${key} has a * or ? in it, expected all of its value`)
}

function invalid(message: string): RegistryError {
  return new RegistryError('REQUEST_INVALID', message)
}
