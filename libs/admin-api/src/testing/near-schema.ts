import * as fc from 'fast-check'
import type { JsonSchema } from '../openapi/json-schema.js'

/**
 * What there is in the prepared world, and what goes wrong elsewhere. No address but of a port that nobody listens at: nothing
 * that is asked for in a test leaves the machine.
 */
const words: readonly string[] = [
  'docker-local',
  'docker-remote',
  'docker',
  'alice',
  'readers',
  'team',
  'team/app',
  'company',
  'staff',
  'ci',
  'main',
  '1.0',
  'team/**',
  'http://127.0.0.1:1',
  'https://127.0.0.1:1/a?b#c',
  'http://a:b@127.0.0.1:1',
  'ftp://127.0.0.1:1',
  'ldap://127.0.0.1:1/dc=x',
  '(uid={0})',
  '(((',
  `sha256:${'0'.repeat(64)}`,
  `sha256:${'0'.repeat(63)}`,
  '2026-01-01T00:00:00Z',
  '2026-13-41',
  'applied-permissions/user',
  'applied-permissions/groups:readers',
  '',
  ' ',
  '.',
  '..',
  '%2e%2e%2f',
  "'; DROP TABLE users; --",
  '"}',
  '\n',
  '\u202e',
  '-1',
  '0x7fffffff',
  'true',
]

const anyText = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...words) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 30 }).map((text) => text.toWellFormed()) },
)

const anyValue = fc.oneof(
  anyText,
  fc.integer(),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
  fc.constant([]),
  fc.constant({}),
  fc.constant([[[{}]]]),
  fc.constant({ __proto__: null, constructor: { prototype: 1 }, toString: 'x' }),
)

/** Values that a schema allows, that it just doesn't, and that it doesn't at all. */
export function nearSchema(schema: JsonSchema): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 12, arbitrary: typical(schema) }, { weight: 1, arbitrary: anyValue })
}

function typical(schema: JsonSchema): fc.Arbitrary<unknown> {
  const choices = (schema['anyOf'] ?? schema['oneOf']) as readonly JsonSchema[] | undefined
  if (choices !== undefined) return fc.oneof(...choices.map(typical))
  if (Array.isArray(schema['enum']))
    return fc.oneof(fc.constantFrom(...(schema['enum'] as unknown[])), anyText)
  switch (schema['type']) {
    case 'string':
      return textNear(schema)
    case 'integer':
    case 'number':
      return numberNear(schema)
    case 'boolean':
      return fc.boolean()
    case 'array':
      return listNear(schema)
    case 'object':
      return objectNear(schema)
    default:
      return anyValue
  }
}

function textNear({ maxLength }: JsonSchema): fc.Arbitrary<unknown> {
  if (typeof maxLength !== 'number') return anyText
  const boundary = fc.constantFrom(maxLength, maxLength + 1).map((length) => 'ä'.repeat(length))
  return fc.oneof({ weight: 30, arbitrary: anyText }, { weight: 1, arbitrary: boundary })
}

function numberNear({ minimum = 0, maximum = 1000 }: JsonSchema): fc.Arbitrary<unknown> {
  const [low, high] = [Number(minimum), Number(maximum)]
  return fc.oneof(
    fc.constantFrom(low, high, low - 1, high + 1, low + 0.5, 2 ** 53, 1e308, String(low)),
    fc.integer({ min: low, max: Math.min(high, 2 ** 31 - 1) }),
  )
}

function listNear({ items = {}, maxItems }: JsonSchema): fc.Arbitrary<unknown> {
  const few = fc.array(nearSchema(items as JsonSchema), { maxLength: 4 })
  if (typeof maxItems !== 'number') return few
  const many = fc
    .constantFrom(maxItems, maxItems + 1)
    .map((length) => Array.from({ length }, (_, at) => `${at}`))
  return fc.oneof({ weight: 30, arbitrary: few }, { weight: 1, arbitrary: many })
}

/** Some fields are missing, those that are required less often; some are nobody's. */
function objectNear({
  properties = {},
  required = [],
  additionalProperties,
}: JsonSchema): fc.Arbitrary<unknown> {
  const fields = Object.entries(properties).map(([name, schema]) => {
    const often = required.includes(name) ? 15 : 1
    const arbitrary = fc.option(
      nearSchema(schema).map((value) => [[name, value] as const]),
      {
        nil: [],
        freq: often,
      },
    )
    return arbitrary
  })
  const free =
    typeof additionalProperties === 'object' && additionalProperties !== null
      ? nearSchema(additionalProperties as JsonSchema)
      : anyValue
  const extra = fc.oneof(
    { weight: 3, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.array(fc.tuple(anyText, free), { maxLength: 3 }) },
  )
  return fc
    .tuple(extra, ...fields)
    .map((parts) => Object.fromEntries(parts.flat() as (readonly [string, unknown])[]) as unknown)
}

/** What stands in a path or a query for a parameter. */
export function textNearSchema(schema: JsonSchema): fc.Arbitrary<string> {
  return nearSchema(schema).map((value) => (typeof value === 'string' ? value : JSON.stringify(value)))
}
