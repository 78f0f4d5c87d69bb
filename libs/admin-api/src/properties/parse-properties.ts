import { RegistryError } from '@entrepot/kernel'
import { checkedProperties, checkKey, isComputed, type Properties } from '@entrepot/oci-repository'
import type { JsonObject } from '../json-body.js'

/**
 * Artifactory's `key=value,value;key=value`, after percent-decoding: `;` or `|` part properties, and a backslash takes
 * away the meaning of `,` `;` `|` `=` and `\`; before any other character it is one itself. Only the first `=` parts.
 * @throws RegistryError REQUEST_INVALID
 */
export function parseProperties(text: string): Properties {
  const entries = split(text, ';|').filter((entry) => entry !== '')
  if (entries.length === 0) throw invalid('properties is empty, expected key=value')
  return checkedProperties(
    entries.map((entry) => {
      const [key = '', ...rest] = split(entry, '=')
      if (rest.length === 0) {
        throw invalid(
          `${JSON.stringify(entry.slice(0, 100))} in properties has no "=": expected key=value, and a backslash before , ; | = in a value`,
        )
      }
      return [unescaped(key), valuesOf(rest.join('='))] as const
    }),
  )
}

/** `a,b`. Keys that say what a manifest is are taken as they are. @throws RegistryError REQUEST_INVALID */
export function parseKeys(text: string): readonly string[] {
  const keys = split(text, ',').map(unescaped)
  for (const key of keys) if (!isComputed(key)) checkKey(key)
  return [...new Set(keys)]
}

export interface ParsedPatch {
  readonly set: Properties
  readonly remove: readonly string[]
}

/**
 * Artifactory's `{"props":{"key":"value,value","other":["value"],"gone":null}}`.
 * @throws RegistryError REQUEST_INVALID
 */
export function parsePatch(body: JsonObject): ParsedPatch {
  const { props } = body
  if (typeof props !== 'object' || props === null || Array.isArray(props)) {
    throw invalid('props is missing, expected an object of properties, null for those to be deleted')
  }
  const remove: string[] = []
  const given: (readonly [string, readonly string[]])[] = []
  for (const [key, value] of Object.entries(props)) {
    if (value === null) {
      if (!isComputed(key)) checkKey(key)
      remove.push(key)
    } else {
      given.push([key, patchedValues(key, value)])
    }
  }
  return { set: checkedProperties(given), remove }
}

function patchedValues(key: string, value: unknown): readonly string[] {
  if (typeof value === 'string') return valuesOf(value)
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value
  throw invalid(`property ${JSON.stringify(key.slice(0, 100))} is no text, list of texts or null`)
}

function valuesOf(text: string): readonly string[] {
  return split(text, ',').map(unescaped)
}

/** Backslashes stay, with what they take the meaning away from. */
function split(text: string, separators: string): readonly string[] {
  const parts: string[] = []
  let start = 0
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1
    else if (separators.includes(text.charAt(at))) {
      parts.push(text.slice(start, at))
      start = at + 1
    }
  }
  return [...parts, text.slice(start)]
}

function unescaped(text: string): string {
  return text.replaceAll(/\\([,;|=\\])/g, '$1')
}

function invalid(message: string): RegistryError {
  return new RegistryError('REQUEST_INVALID', message)
}
