import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { describe, expect, it } from 'vitest'
import { adminApiControllers } from '../admin-api.module.js'
import { AdminApiApp, type Answer } from '../testing/admin-api-app.js'
import { prepareWorld } from '../testing/prepared-world.js'
import { mapSchemas } from './components.js'
import { type DescribedRoute, describedRoutes } from './described-route.js'
import type { JsonSchema } from './json-schema.js'
import { openApiDocument, templateOf } from './openapi-document.js'
import type { RouteDescription, RouteExample } from './route-description.js'

/** Routes whose description is still to be written: the list only gets shorter. */
const notYetDescribed: readonly string[] = [
  'GET /access/api/v1/jwks',
  'POST /access/api/v1/jwks/rotate',
  'GET /access/api/v1/ldap/groups',
  'POST /access/api/v1/ldap/groups',
  'PUT /access/api/v1/ldap/groups',
  'GET /access/api/v1/ldap/groups/:name',
  'PUT /access/api/v1/ldap/groups/:name',
  'DELETE /access/api/v1/ldap/groups/:name',
  'POST /access/api/v1/ldap/groups/:name/refresh',
  'POST /access/api/v1/ldap/groups/:name/refresh/:mode',
  'GET /access/api/v1/ldap/settings',
  'POST /access/api/v1/ldap/settings',
  'PUT /access/api/v1/ldap/settings',
  'GET /access/api/v1/ldap/settings/:key',
  'PUT /access/api/v1/ldap/settings/:key',
  'DELETE /access/api/v1/ldap/settings/:key',
  'POST /access/api/v1/ldap/settings/:key/test',
  'POST /access/api/v1/ldap/settings/order',
  'POST /access/api/v1/ldap/settings/test',
  'GET /access/api/v1/oidc',
  'POST /access/api/v1/oidc',
  'GET /access/api/v1/oidc/:name',
  'PUT /access/api/v1/oidc/:name',
  'DELETE /access/api/v1/oidc/:name',
  'GET /access/api/v1/oidc/:name/identity_mappings',
  'POST /access/api/v1/oidc/:name/identity_mappings',
  'GET /access/api/v1/oidc/:name/identity_mappings/:mapping',
  'PUT /access/api/v1/oidc/:name/identity_mappings/:mapping',
  'DELETE /access/api/v1/oidc/:name/identity_mappings/:mapping',
  'GET /access/api/v1/oidc/callback/:provider',
  'GET /access/api/v1/oidc/login/:provider',
  'POST /access/api/v1/oidc/token',
  'POST /access/api/v1/tokens',
  'GET /access/api/v1/tokens',
  'GET /access/api/v1/tokens/:id',
  'DELETE /access/api/v1/tokens/:id',
  'POST /access/api/v1/tokens/revoke',
  'GET /access/api/v2/groups',
  'POST /access/api/v2/groups',
  'GET /access/api/v2/groups/:name',
  'PATCH /access/api/v2/groups/:name',
  'DELETE /access/api/v2/groups/:name',
  'PATCH /access/api/v2/groups/:name/members',
  'GET /access/api/v2/permissions',
  'POST /access/api/v2/permissions',
  'GET /access/api/v2/permissions/:name',
  'DELETE /access/api/v2/permissions/:name',
  'GET /access/api/v2/permissions/:name/:type',
  'PUT /access/api/v2/permissions/:name/:type',
  'DELETE /access/api/v2/permissions/:name/:type',
  'GET /access/api/v2/users',
  'POST /access/api/v2/users',
  'GET /access/api/v2/users/:name',
  'PATCH /access/api/v2/users/:name',
  'DELETE /access/api/v2/users/:name',
  'PATCH /access/api/v2/users/:name/groups',
  'PUT /access/api/v2/users/:name/password',
  'POST /access/api/v2/users/:name/password',
  'DELETE /artifactory/:repository/*path',
  'POST /artifactory/api/docker/:repository/v2/promote',
  'GET /artifactory/api/entrepot/anonymous',
  'PUT /artifactory/api/entrepot/anonymous',
  'GET /artifactory/api/entrepot/audit',
  'GET /artifactory/api/entrepot/explain',
  'POST /artifactory/api/entrepot/invalidate',
  'GET /artifactory/api/entrepot/tags/:repository/*path/history',
  'POST /artifactory/api/entrepot/tags/:repository/*path/undo',
  'GET /artifactory/api/security/groups',
  'GET /artifactory/api/security/groups/:name',
  'PUT /artifactory/api/security/groups/:name',
  'POST /artifactory/api/security/groups/:name',
  'DELETE /artifactory/api/security/groups/:name',
  'GET /artifactory/api/security/lockedUsers',
  'GET /artifactory/api/security/permissions',
  'GET /artifactory/api/security/permissions/:name',
  'PUT /artifactory/api/security/permissions/:name',
  'DELETE /artifactory/api/security/permissions/:name',
  'POST /artifactory/api/security/token',
  'GET /artifactory/api/security/token',
  'POST /artifactory/api/security/token/revoke',
  'POST /artifactory/api/security/unlockAllUsers',
  'POST /artifactory/api/security/unlockUsers',
  'POST /artifactory/api/security/unlockUsers/:name',
  'GET /artifactory/api/security/userLockPolicy',
  'PUT /artifactory/api/security/userLockPolicy',
  'GET /artifactory/api/security/users',
  'GET /artifactory/api/security/users/:name',
  'PUT /artifactory/api/security/users/:name',
  'POST /artifactory/api/security/users/:name',
  'DELETE /artifactory/api/security/users/:name',
  'POST /artifactory/api/security/users/authorization/changePassword',
  'POST /artifactory/api/security/users/import/htpasswd',
  'GET /artifactory/api/storage/:repository',
  'GET /artifactory/api/storage/:repository/*path',
  'GET /artifactory/api/v2/security/permissions',
  'GET /artifactory/api/v2/security/permissions/:name',
  'PUT /artifactory/api/v2/security/permissions/:name',
  'POST /artifactory/api/v2/security/permissions/:name',
  'DELETE /artifactory/api/v2/security/permissions/:name',
]

const routes = describedRoutes(adminApiControllers)
const document = openApiDocument(routes, '1.2.3')
const nameOf = ({ method, path }: DescribedRoute) => `${method.toUpperCase()} ${path}`

const described = routes.flatMap((route) =>
  route.description === undefined ? [] : [{ ...route, description: route.description }],
)

const examples = described.flatMap((route) =>
  route.description.examples.map((example, at) => ({ name: `${nameOf(route)} (${at + 1})`, route, example })),
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

/** With the values that the state has in place of those that the examples show. */
function substituted<T>(value: T, actual: ReadonlyMap<string, string>): T {
  let text = JSON.stringify(value)
  for (const [shown, real] of actual) text = text.replaceAll(shown, real)
  return JSON.parse(text) as T
}

async function send(
  app: AdminApiApp,
  route: DescribedRoute & { readonly description: RouteDescription },
  { path = {}, query = {}, body, headers = {} }: RouteExample,
): Promise<Answer> {
  const filled = route.path.replaceAll(/([:*])(\w+)/g, (_match, sign: string, name: string) => {
    const value = path[name]
    if (value === undefined) throw new Error(`the example has no ${name}`)
    return sign === '*' ? value : encodeURIComponent(value)
  })
  const search = new URLSearchParams(query).toString()
  const mediaType = route.description.body?.mediaTypes?.[0] ?? 'application/json'
  const raw =
    typeof body === 'string' ? { raw: body, headers: { 'content-type': mediaType, ...headers } } : { headers }
  return app.send(
    route.method.toUpperCase(),
    search === '' ? filled : `${filled}?${search}`,
    typeof body === 'string' ? undefined : body,
    route.permission === 'public' ? { ...raw, authorization: undefined } : raw,
  )
}

describe('the description of the routes', () => {
  it('leaves out none but those that are listed, and lists none that it has', () => {
    const missing = routes.filter(({ description }) => description === undefined).map(nameOf)
    expect(missing).toEqual(notYetDescribed)
  })

  it('covers every route that is mounted', async () => {
    const app = await AdminApiApp.start()
    const mounted = app.routes().filter((route) => !route.startsWith('ALL '))
    await app.close()
    expect([...mounted].sort()).toEqual(routes.map(nameOf).sort())
  })

  it.each(described.map((route) => [nameOf(route), route] as const))('of %s is whole', (_name, route) => {
    const operation = document.paths[templateOf(route)]?.[route.method]
    const statuses = Object.keys(operation?.responses ?? {})
    expect(route.description.summary).toMatch(/^[A-Z].*[^.]$/)
    expect(statuses.some((status) => status.startsWith('2') || status.startsWith('3'))).toBe(true)
    if (route.description.errors !== 'none') expect(Object.keys(route.description.errors)).not.toEqual([])
    const named = new Set(route.parameters.map(({ name }) => name))
    for (const { path = {}, query = {} } of route.description.examples) {
      expect(Object.keys(path).sort()).toEqual([...named].sort())
      for (const name of Object.keys(query)) expect(route.description.parameters).toHaveProperty(name)
    }
  })
})

describe('the example', () => {
  it.each(examples.map((one) => [one.name, one] as const))('of %s works as it says', async (_name, one) => {
    const { route, example } = one
    const app = await AdminApiApp.start({ publicUrl: 'https://registry.example' })
    try {
      const actual = await prepareWorld(app)
      const answer = await send(app, route, substituted(example, actual))
      const expected = example.status ?? Number(Object.keys(route.description.answers)[0])
      expect(answer.status, answer.text).toBe(expected)
      const response = responseOf(route, answer.status)
      expect(response, `no response ${answer.status} is described`).toBeDefined()
      const [mediaType, content] = Object.entries(response?.content ?? {})[0] ?? []
      if (mediaType === undefined) expect(answer.text).toBe('')
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
