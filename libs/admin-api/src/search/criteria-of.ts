import { type Criterion, textMatch } from '@entrepot/oci-repository'
import type { Query } from '../http/cursor-page.js'
import { checkSearchText } from './check-search-text.js'

/**
 * Artifactory's `?key=value,value&other=value`: all keys, each with any of its values; with any at all where there is none.
 * @param reserved what is no key
 * @throws RegistryError REQUEST_INVALID
 */
export function criteriaOf(query: Query, reserved: readonly string[]): readonly Criterion[] {
  return Object.entries(query)
    .filter(([key]) => !reserved.includes(key))
    .map(([key, given]) => {
      const values = [given].flat().flatMap((value) => (typeof value === 'string' ? value.split(',') : []))
      for (const text of [key, ...values]) checkSearchText(key, text)
      return { key, values: values.filter((value) => value !== '').map(textMatch) }
    })
}

/** `?name=key=value`, as often as there are criteria; without a value any is meant. @throws RegistryError REQUEST_INVALID */
export function namedCriteria(query: Query, name: string): readonly Criterion[] {
  const given = Object.hasOwn(query, name) ? [query[name]].flat() : []
  const texts = given.filter((text) => typeof text === 'string' && text !== '') as readonly string[]
  return texts.map((text) => {
    checkSearchText(name, text)
    const at = text.indexOf('=')
    const key = at < 0 ? text : text.slice(0, at)
    return { key, values: at < 0 ? [] : [textMatch(text.slice(at + 1))] }
  })
}
