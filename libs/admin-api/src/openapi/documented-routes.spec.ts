import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { adminApiControllers } from '../admin-api.module.js'
import { AdminApiApp } from '../testing/admin-api-app.js'
import { actualExample, documented, nameOf, sendExample } from '../testing/example-request.js'
import { Issuer } from '../testing/issuer.js'
import { prepareWorld, worldUrl } from '../testing/prepared-world.js'
import { mapSchemas } from './components.js'
import { type DescribedRoute, describedRoutes, examplesOf } from './described-route.js'
import type { JsonSchema } from './json-schema.js'
import { openApiDocument, templateOf } from './openapi-document.js'

const routes = describedRoutes(adminApiControllers)
const document = openApiDocument(routes, '1.2.3')
const described = documented(routes)

const examples = described.flatMap((route) =>
  examplesOf(route).map((example, at) => ({ name: `${nameOf(route)} (${at + 1})`, route, example })),
)

/** Nothing but what is described: a field that the schema leaves out is found. */
function closed(schema: JsonSchema): JsonSchema {
  const inner = mapSchemas(schema, closed)
  return inner.properties === undefined ? inner : { additionalProperties: false, ...inner }
}

const ajv = new Ajv2020({ strict: false, allErrors: true })
addFormats.default(ajv)
const schemas = Object.entries(document.components.schemas).map(([name, schema]) => [name, closed(schema)])
ajv.addSchema({
  $id: 'https://entrepot.example/',
  components: { schemas: Object.fromEntries(schemas) as object },
})

function faultsOf(schema: JsonSchema, value: unknown): unknown {
  const absolute = JSON.stringify(closed(schema)).replaceAll('"#/', '"https://entrepot.example/#/')
  const validate = ajv.compile(JSON.parse(absolute) as object)
  return validate(value) ? [] : validate.errors
}

function responseOf(route: DescribedRoute, status: number) {
  return document.paths[templateOf(route)]?.[route.method]?.responses[status]
}

describe('the description of the routes', () => {
  it('leaves out none', () => {
    const missing = routes.filter(({ description }) => description === undefined).map(nameOf)
    expect(missing).toEqual([])
  })

  it('covers every route that is mounted', async () => {
    const app = await AdminApiApp.start()
    const mounted = app.routes().filter((route) => !route.startsWith('ALL '))
    await app.close()
    expect([...mounted].sort()).toEqual(routes.map(nameOf).sort())
  })

  it('has no example that fits none of its paths', () => {
    const fitting = new Set(described.flatMap(examplesOf))
    expect(
      described.flatMap(({ description }) => description.examples).filter((one) => !fitting.has(one)),
    ).toEqual([])
  })

  it.each(described.map((route) => [nameOf(route), route] as const))('of %s is whole', (_name, route) => {
    const operation = document.paths[templateOf(route)]?.[route.method]
    const statuses = Object.keys(operation?.responses ?? {})
    expect(route.description.summary).toMatch(/^[A-Z].*[^.]$/)
    expect(statuses.some((status) => status.startsWith('2') || status.startsWith('3'))).toBe(true)
    if (route.description.errors !== 'none') expect(Object.keys(route.description.errors)).not.toEqual([])
    expect(examplesOf(route)).not.toEqual([])
    for (const { query = {}, status = 200 } of examplesOf(route)) {
      if (status >= 400) continue
      for (const name of Object.keys(query)) expect(route.description.parameters).toHaveProperty(name)
    }
  })
})

describe('the example', () => {
  let issuer: Issuer
  beforeAll(async () => {
    issuer = await Issuer.start()
  })
  afterAll(() => issuer.stop())

  it.each(examples.map((one) => [one.name, one] as const))('of %s works as it says', async (_name, one) => {
    const { route, example } = one
    const app = await AdminApiApp.start({ publicUrl: worldUrl })
    try {
      const actual = await prepareWorld(app, issuer)
      const answer = await sendExample(app, route, await actualExample(example, actual))
      const expected = example.status ?? Number(Object.keys(route.description.answers)[0])
      expect(answer.status, answer.text).toBe(expected)
      const response = responseOf(route, answer.status)
      expect(response, `no response ${answer.status} is described`).toBeDefined()
      const [mediaType, content] = Object.entries(response?.content ?? {})[0] ?? []
      if (mediaType === undefined) expect(answer.status < 300 ? answer.text : '').toBe('')
      else expect(answer.headers.get('content-type')).toContain(mediaType)
      if (mediaType?.endsWith('json') === true && content !== undefined) {
        expect(faultsOf(content.schema, JSON.parse(answer.text)), answer.text).toEqual([])
      }
      for (const name of Object.keys(response?.headers ?? {})) {
        expect(answer.headers.get(name), name).not.toBeNull()
      }
      const schema = route.description.body?.schema
      if (schema !== undefined && answer.status < 400 && typeof example.body !== 'string') {
        expect(faultsOf(schema, example.body)).toEqual([])
      }
    } finally {
      await app.close()
    }
  })
})
