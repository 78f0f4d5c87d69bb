import { getMetadataStorage } from 'class-validator'
import type { DtoClass } from '../http/parse-dto.js'
import type { JsonSchema } from './json-schema.js'

type Rule = ReturnType<ReturnType<typeof getMetadataStorage>['getTargetValidationMetadatas']>[number]

/** What each rule of class-validator says in JSON Schema. */
const keywords: Readonly<Record<string, (...constraints: readonly unknown[]) => JsonSchema>> = {
  isBoolean: () => ({ type: 'boolean' }),
  isString: () => ({ type: 'string' }),
  isInt: () => ({ type: 'integer' }),
  isArray: () => ({ type: 'array' }),
  isIn: (allowed) => ({ enum: allowed }),
  min: (minimum) => ({ minimum }),
  max: (maximum) => ({ maximum }),
  minLength: (minLength) => ({ minLength }),
  maxLength: (maxLength) => ({ maxLength }),
  arrayMaxSize: (maxItems) => ({ maxItems }),
  arrayUnique: () => ({ uniqueItems: true }),
  matches: (pattern) => ({ type: 'string', pattern: sourceOf(pattern as RegExp) }),
  isAddress: () => ({
    anyOf: [{ enum: [''] }, { type: 'string', format: 'ipv4' }, { type: 'string', format: 'ipv6' }],
  }),
  isHost: () => ({ type: 'string' }),
  isListOf: () => ({ anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }] }),
  isUpstreamUrl: () => ({ type: 'string', format: 'uri' }),
  isPartOf: (example) => shapeOf(example),
}

export interface DtoSchemaOptions {
  /** The component's name; the class's without `Dto` when left out. */
  readonly title?: string
  readonly description?: string
  /** What the route demands, beyond what the class does: the classes serve changes as well, which may leave all out. */
  readonly required?: readonly string[] | 'all'
  /** What may be missing nonetheless, where all are required. */
  readonly optional?: readonly string[]
  /** Fields of the class that are not there: secrets, in answers. */
  readonly without?: readonly string[]
  /** Fields that are parsed by other means than the class. */
  readonly with?: Readonly<Record<string, JsonSchema>>
}

/**
 * What a body may hold, by the rules that check it: no rule is written down a second time.
 * @throws Error for a rule that has no words here, so that none is left out silently
 */
export function schemaOf(dtoClass: DtoClass<object>, options: DtoSchemaOptions = {}): JsonSchema {
  const rules = getMetadataStorage().getTargetValidationMetadatas(dtoClass, '', false, false)
  const fields = [...Map.groupBy(rules, ({ propertyName }) => propertyName)].filter(
    ([name]) => options.without?.includes(name) !== true,
  )
  const demanded = fields
    .filter(([, own]) => options.required === 'all' || !own.some(isOptional))
    .map(([name]) => name)
  const further = options.required === 'all' ? Object.keys(options.with ?? {}) : (options.required ?? [])
  const required = [...new Set([...demanded, ...further])].filter(
    (name) => options.optional?.includes(name) !== true,
  )
  return {
    title: options.title ?? dtoClass.name.replace(/Dto$/, ''),
    ...(options.description === undefined ? {} : { description: options.description }),
    type: 'object',
    properties: {
      ...Object.fromEntries(fields.map(([name, own]) => [name, fieldSchema(own)])),
      ...options.with,
    },
    ...(required.length === 0 ? {} : { required }),
  }
}

function fieldSchema(rules: readonly Rule[]): JsonSchema {
  const telling = rules.filter((rule) => !isOptional(rule))
  const items = together(telling.filter(({ each }) => each))
  const schema = together(telling.filter(({ each }) => !each))
  return Object.keys(items).length === 0 ? schema : { ...schema, items }
}

function together(rules: readonly Rule[]): JsonSchema {
  return Object.fromEntries(rules.flatMap((rule) => Object.entries(keywordsOf(rule))))
}

function keywordsOf({ name = '', constraints, target, propertyName }: Rule): JsonSchema {
  const words = keywords[name]
  if (words === undefined) {
    const owner = typeof target === 'string' ? target : target.name
    throw new Error(`the rule ${name} of ${owner}.${propertyName} has no words in JSON Schema yet`)
  }
  return words(...((constraints as readonly unknown[] | undefined) ?? []))
}

function isOptional({ name }: Rule): boolean {
  return name === 'isOptional'
}

/** JSON Schema has no flags: of these, `u` is what it always means. */
function sourceOf({ source, flags }: RegExp): string {
  if (flags.replace('u', '') !== '') throw new Error(`the pattern ${source} has the flags ${flags}`)
  return source
}

function shapeOf(example: unknown): JsonSchema {
  if (typeof example !== 'object' || example === null) return { type: typeof example }
  const parts = Object.entries(example).map(([name, part]) => [name, shapeOf(part)] as const)
  return { type: 'object', properties: Object.fromEntries(parts), additionalProperties: false }
}
