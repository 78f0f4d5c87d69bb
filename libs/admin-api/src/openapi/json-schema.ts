/** JSON Schema 2020-12, which OpenAPI 3.1 uses as it is. A schema with a `title` becomes a component of that name. */
export interface JsonSchema {
  readonly [keyword: string]: unknown
  readonly title?: string
  readonly description?: string
  readonly required?: readonly string[]
  readonly properties?: SchemaFields
}

export type SchemaFields = Readonly<Record<string, JsonSchema>>

export const text: JsonSchema = { type: 'string' }
export const flag: JsonSchema = { type: 'boolean' }
export const whole: JsonSchema = { type: 'integer' }
/** RFC 3339 */
export const time: JsonSchema = { type: 'string', format: 'date-time' }
export const address: JsonSchema = { type: 'string', format: 'uri' }
/** Of content, as images have it: `sha256:` and 64 digits. */
export const digest: JsonSchema = { type: 'string', pattern: '^sha(256|512):[0-9a-f]{64,128}$' }

export const oneOf = (...allowed: readonly (string | number)[]): JsonSchema => ({ enum: allowed })

export const listOf = (items: JsonSchema): JsonSchema => ({ type: 'array', items })

/** An object whose names are free. */
export const mapOf = (values: JsonSchema): JsonSchema => ({ type: 'object', additionalProperties: values })

/** @param optional fields that may be missing */
export const object = (fields: SchemaFields, optional: SchemaFields = {}): JsonSchema => ({
  type: 'object',
  properties: { ...fields, ...optional },
  ...(Object.keys(fields).length === 0 ? {} : { required: Object.keys(fields) }),
})

export const titled = (title: string, schema: JsonSchema): JsonSchema => ({ ...schema, title })

export const described = (description: string, schema: JsonSchema): JsonSchema => ({ ...schema, description })

/** One page of a list; `cursor` asks for the next and is missing on the last. */
export const page = (name: string, items: JsonSchema): JsonSchema =>
  object(
    { [name]: listOf(items) },
    { cursor: described('Asks for the next page; missing on the last.', text) },
  )
