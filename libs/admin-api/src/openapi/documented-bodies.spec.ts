import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { adminApiControllers } from '../admin-api.module.js'
import { AdminApiApp, errorsOf } from '../testing/admin-api-app.js'
import {
  actualExample,
  type DocumentedRoute,
  documented,
  mediaTypeOf,
  nameOf,
  pathOf,
  sendExample,
} from '../testing/example-request.js'
import { Issuer } from '../testing/issuer.js'
import { type ActualValues, prepareWorld, worldUrl } from '../testing/prepared-world.js'
import { describedRoutes, examplesOf } from './described-route.js'
import type { JsonSchema } from './json-schema.js'
import type { RouteExample } from './route-description.js'

type Fields = Readonly<Record<string, unknown>>

const routes = documented(describedRoutes(adminApiControllers)).filter(
  ({ description }) => description.body !== undefined,
)

/** The route's first example that is done. */
function workingExample(route: DocumentedRoute): RouteExample {
  const example = examplesOf(route).find(({ status = 200 }) => status < 400) ?? examplesOf(route)[0]
  if (example === undefined) throw new Error(`${nameOf(route)} has no example`)
  return example
}

/** The routes whose body is a JSON object, or a list of some. */
const ofObjects = routes.filter((route) => {
  const { body } = workingExample(route)
  const [first]: readonly unknown[] = [body].flat()
  return mediaTypeOf(route).endsWith('json') && typeof first === 'object'
})

function withFields(body: unknown, fields: Fields): unknown {
  if (!Array.isArray(body)) return { ...(body as Fields), ...fields }
  const [first, ...rest] = body as readonly Fields[]
  return [{ ...first, ...fields }, ...rest]
}

/** What every body of the route has to have. */
function requiredOf(schema: JsonSchema): readonly string[] {
  const choices = schema['anyOf'] as readonly JsonSchema[] | undefined
  if (choices === undefined) return schema.required ?? []
  const [first = [], ...others] = choices.map(requiredOf)
  return first.filter((name) => others.every((required) => required.includes(name)))
}

/** More than anybody sends by mistake, and what no header may hold. */
const unknownFields = Object.fromEntries(
  ['entrepöt"\r\nX-Odd: 1', ...Array.from({ length: 300 }, (_, at) => `unknown${at}${'x'.repeat(500)}`)].map(
    (name) => [name, 1],
  ),
)

let issuer: Issuer
beforeAll(async () => {
  issuer = await Issuer.start()
})
afterAll(() => issuer.stop())

async function inWorld(work: (app: AdminApiApp, actual: ActualValues) => Promise<void>): Promise<void> {
  const app = await AdminApiApp.start({ publicUrl: worldUrl })
  try {
    await work(app, await prepareWorld(app, issuer))
  } finally {
    await app.close()
  }
}

describe('fields that are not known', () => {
  it.each(ofObjects.map((route) => [nameOf(route), route] as const))(
    'are treated by %s as its description says',
    async (_name, route) => {
      await inWorld(async (app, actual) => {
        const example = await actualExample(workingExample(route), actual)
        const body = withFields(example.body, unknownFields)
        const answer = await sendExample(app, route, { ...example, body })
        const warning = answer.headers.get('warning')
        switch (route.description.body?.unknownFields) {
          case 'refused':
            expect([answer.status, warning]).toEqual([400, null])
            expect(errorsOf(answer).join()).toContain('entrep')
            return
          case 'free':
            expect([answer.status < 400, warning]).toEqual([true, null])
            return
          default:
            expect(answer.status, answer.text).toBe(
              example.status ?? Number(Object.keys(route.description.answers)[0]),
            )
            expect(warning).toMatch(/^299 - "ignored unknown fields: [\x20-\x21\x23-\x7e]{1,2000}"$/)
            expect(warning).toMatch(/entrep\?t/)
            expect(answer.headers.get('x-odd')).toBeNull()
        }
      })
    },
  )

  it('are refused by few, and free by fewer', () => {
    const named = (kind: string) =>
      ofObjects.filter(({ description }) => description.body?.unknownFields === kind).map(nameOf)
    expect(named('free')).toEqual([
      'PUT /artifactory/api/build',
      'POST /artifactory/api/build/append/*path',
      'POST /artifactory/api/system/usage',
    ])
    expect(named('refused')).toContain('POST /artifactory/api/entrepot/invalidate')
  })
})

describe('fields that are required', () => {
  const cases = ofObjects.flatMap((route) => {
    const schema = route.description.body?.schema ?? {}
    const required = requiredOf((schema['items'] as JsonSchema | undefined) ?? schema)
    return required.map((field) => [nameOf(route), field, route] as const)
  })

  it.each(cases)('of %s: %s', async (_name, field, route) => {
    await inWorld(async (app, actual) => {
      const example = await actualExample(workingExample(route), actual)
      const answer = await sendExample(app, route, {
        ...example,
        body: withFields(example.body, { [field]: undefined }),
      })
      expect(answer.status, answer.text).toBe(400)
      expect(errorsOf(answer).join()).toContain(field)
    })
  })
})

describe('a body that is none', () => {
  let app: AdminApiApp
  beforeAll(async () => {
    app = await AdminApiApp.start()
  })
  afterAll(() => app.close())

  it.each(routes.map((route) => [nameOf(route), route] as const))(
    'is refused by %s',
    async (_name, route) => {
      const path = pathOf(route, workingExample(route))
      const isJson = mediaTypeOf(route).endsWith('json')
      const maximum = (route.description.body?.maximumMebibytes ?? 1) * 1024 * 1024
      const send = (raw: string | Uint8Array<ArrayBuffer>, contentType: string, more = {}) =>
        app.send(route.method.toUpperCase(), path, undefined, {
          raw,
          headers: { 'content-type': contentType, ...more },
        })
      const answers = [
        [415, await send('<a/>', 'application/xml')],
        [415, await send('x', mediaTypeOf(route), { 'content-encoding': 'gzip' })],
        [413, await send('x'.repeat(maximum + 1), mediaTypeOf(route))],
        [400, await send(new Uint8Array([0xff, 0xfe]), mediaTypeOf(route))],
        ...(isJson
          ? ([
              [400, await send('{"half": ', mediaTypeOf(route))],
              [400, await send('"text"', mediaTypeOf(route))],
              [400, await send(`${'['.repeat(100)}${']'.repeat(100)}`, mediaTypeOf(route))],
              [400, await send(JSON.stringify({ a: '\0' }), mediaTypeOf(route))],
            ] as const)
          : []),
      ] as const
      for (const [status, answer] of answers) {
        expect(answer.status, answer.text).toBe(status)
        expect(errorsOf(answer)).toHaveLength(1)
      }
    },
  )
})
