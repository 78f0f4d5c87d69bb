import type { LogFields } from '@entrepot/kernel'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { adminApiControllers } from '../admin-api.module.js'
import { AdminApiApp, errorsOf } from '../testing/admin-api-app.js'
import { badInputRuns, insideWords } from '../testing/bad-input.js'
import { type DocumentedRoute, documented, nameOf } from '../testing/example-request.js'
import { Issuer } from '../testing/issuer.js'
import { nearSchema, textNearSchema } from '../testing/near-schema.js'
import { prepareWorld, worldUrl } from '../testing/prepared-world.js'
import { describedRoutes } from './described-route.js'
import { text } from './json-schema.js'
import type { RouteDescription } from './route-description.js'
import { tags } from './tags.js'

interface Sent {
  readonly path: string
  readonly raw: string | undefined
  readonly contentType: string
}

const routes = documented(describedRoutes(adminApiControllers))

/** Requests that are nearly what the description says. */
function requestsTo(route: DocumentedRoute): fc.Arbitrary<Sent> {
  const { parameters = {}, body } = route.description
  const inPath = new Set(route.parameters.map(({ name }) => name))
  const path = fc
    .tuple(
      ...route.parameters.map(({ name, isRest }) =>
        textNearSchema(parameters[name]?.schema ?? text).map((value) => encoded(value, isRest)),
      ),
    )
    .map((values) => {
      const left = [...values]
      return route.path.replaceAll(/[:*]\w+/g, () => left.shift() ?? '')
    })
  const declared = Object.entries(parameters).filter(([name]) => !inPath.has(name))
  const query = fc
    .tuple(...declared.map(([name, { schema = text }]) => pairs(name, textNearSchema(schema))), unknownPairs)
    .map((given) => given.flat().join('&'))
  return fc.record({
    path: fc.tuple(path, query).map((parts) => parts.join('?')),
    raw: body === undefined ? fc.constant(undefined) : bodies(body),
    contentType: fc.oneof(
      { weight: 15, arbitrary: fc.constantFrom(...(body?.mediaTypes ?? ['application/json'])) },
      { weight: 1, arbitrary: fc.constantFrom('text/plain', 'application/x-www-form-urlencoded', '*/*') },
    ),
  })
}

const unknownPairs = pairs('unknown', textNearSchema(text))

/** Statuses for another server that does not answer. */
const unreachable = new Set([502, 503, 504])

function isExpected({ description }: DocumentedRoute, status: number): boolean {
  return unreachable.has(status) && description.errors !== 'none' && Object.hasOwn(description.errors, status)
}

/** Absent mostly, once, or more often than once. */
function pairs(name: string, values: fc.Arbitrary<string>): fc.Arbitrary<readonly string[]> {
  return fc
    .oneof(
      { weight: 3, arbitrary: fc.constant([]) },
      { weight: 3, arbitrary: fc.array(values, { minLength: 1, maxLength: 1 }) },
      { weight: 1, arbitrary: fc.array(values, { minLength: 2, maxLength: 3 }) },
    )
    .map((all: readonly string[]) => all.map((value) => `${name}=${encodeURIComponent(value)}`))
}

function bodies({ schema, mediaTypes = [] }: NonNullable<RouteDescription['body']>): fc.Arbitrary<string> {
  const json = nearSchema(schema).map((value) =>
    typeof value === 'string' && mediaTypes.length > 0 ? value : JSON.stringify(value),
  )
  const damaged = fc
    .tuple(json, fc.nat(40))
    .map(([whole, cut]) => whole.slice(0, Math.max(0, whole.length - cut)))
  const deep = fc.constantFrom(20, 33, 5000).map((depth) => '{"a":'.repeat(depth) + '1' + '}'.repeat(depth))
  return fc.oneof(
    { weight: 40, arbitrary: json },
    { weight: 2, arbitrary: damaged },
    { weight: 1, arbitrary: deep },
    { weight: 1, arbitrary: fc.constantFrom('', 'null', '[]', '{}', '\ufeff{}', '{"a":1,"a":2}') },
  )
}

/** As a client would, and nothing that is no path. */
function encoded(value: string, isRest: boolean): string {
  const parts = isRest ? value.split('/') : [value]
  return parts.map((part) => (/^\.*$/.test(part) ? `x${part}` : encodeURIComponent(part))).join('/')
}

describe('input that is nearly right', () => {
  const answered = new Map<string, number>()
  let issuer: Issuer
  beforeAll(async () => {
    issuer = await Issuer.start()
  })
  afterAll(() => issuer.stop())

  it.each(Object.keys(tags))(
    'is never answered with a fault, a stack trace or SQL: %s',
    async (tag) => {
      const app = await AdminApiApp.start({ publicUrl: worldUrl })
      try {
        await prepareWorld(app, issuer)
        for (const route of routes.filter(({ description }) => description.tag === tag)) {
          const property = fc.asyncProperty(requestsTo(route), async ({ path, raw, contentType }) => {
            const ask = raw === undefined ? {} : { raw, headers: { 'content-type': contentType } }
            const answer = await app.send(route.method.toUpperCase(), path, undefined, ask)
            // That another server does not answer is no fault, where the description tells of it.
            if (!isExpected(route, answer.status)) {
              expect(answer.status, `${nameOf(route)}: ${answer.text}`).toBeLessThan(500)
            }
            expect(answer.text).not.toMatch(insideWords)
            if (answer.status >= 400) expect(errorsOf(answer), nameOf(route)).not.toEqual([])
            answered.set(`${answer.status}`, (answered.get(`${answer.status}`) ?? 0) + 1)
          })
          await fc.assert(property, { numRuns: badInputRuns.nearlyRight })
        }
        expect((await app.send('GET', '/artifactory/api/system/ping')).status).toBe(200)
        const isFault = ({ status }: LogFields) =>
          typeof status === 'number' && status >= 500 && !unreachable.has(status)
        expect(app.logged.filter(isFault)).toEqual([])
      } finally {
        await app.close()
      }
    },
    60_000,
  )

  it('was so often asked, and got beyond all that refuses early', () => {
    const count = [...answered.values()].reduce((sum, one) => sum + one, 0)
    const { arbitrary, nearlyRight } = badInputRuns
    expect(count).toBe(routes.length * nearlyRight)
    expect(count + routes.length * arbitrary).toBeGreaterThan(10_000)
    for (const status of ['200', '400', '404']) expect(answered.get(status)).toBeGreaterThan(200)
  })
})
