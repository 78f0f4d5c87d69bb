import { isDeepStrictEqual } from 'node:util'
import type { JsonSchema } from './json-schema.js'

/** The named schemas of a document, each written once. */
export class Components {
  readonly #schemas = new Map<string, JsonSchema>()

  /** @returns the schema, with references in place of all that have a title. @throws Error when two differ under one title */
  add(schema: JsonSchema): JsonSchema {
    const inner = mapSchemas(schema, (part) => this.add(part))
    const { title } = schema
    if (title === undefined) return inner
    const known = this.#schemas.get(title)
    if (known !== undefined && !isDeepStrictEqual(known, inner)) {
      throw new Error(`two schemas have the title ${title}`)
    }
    this.#schemas.set(title, inner)
    return { $ref: `#/components/schemas/${title}` }
  }

  /** By title. */
  get schemas(): Readonly<Record<string, JsonSchema>> {
    return Object.fromEntries([...this.#schemas].sort(([one], [other]) => (one < other ? -1 : 1)))
  }
}

const ofSchemas = new Set(['items', 'additionalProperties', 'propertyNames'])
const ofLists = new Set(['oneOf', 'anyOf', 'allOf', 'prefixItems'])

/** The schema with each that it consists of, one level down, replaced. */
export function mapSchemas(schema: JsonSchema, replace: (part: JsonSchema) => JsonSchema): JsonSchema {
  const entries = Object.entries(schema).map(([keyword, value]): readonly [string, unknown] => {
    if (typeof value !== 'object' || value === null) return [keyword, value]
    if (ofSchemas.has(keyword)) return [keyword, replace(value as JsonSchema)]
    if (ofLists.has(keyword)) return [keyword, (value as readonly JsonSchema[]).map(replace)]
    if (keyword !== 'properties') return [keyword, value]
    const parts = Object.entries(value as Readonly<Record<string, JsonSchema>>)
    return [keyword, Object.fromEntries(parts.map(([name, part]) => [name, replace(part)]))]
  })
  return Object.fromEntries(entries)
}
