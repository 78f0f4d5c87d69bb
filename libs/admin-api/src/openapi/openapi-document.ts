import type { Permission } from '../permission.js'
import { Components } from './components.js'
import type { DescribedRoute } from './described-route.js'
import { errorSchema, errorsOf } from './error-answers.js'
import { type JsonSchema, text } from './json-schema.js'
import type { BodyDescription, RouteDescription, RouteExample } from './route-description.js'
import { tags } from './tags.js'

export interface MediaTypeObject {
  readonly schema: JsonSchema
  readonly examples?: Readonly<Record<string, { readonly summary: string; readonly value: unknown }>>
}

export interface ParameterObject {
  readonly name: string
  readonly in: 'path' | 'query'
  readonly required: boolean
  readonly description: string
  readonly schema: JsonSchema
  readonly example?: string
}

export interface ResponseObject {
  readonly description: string
  readonly headers?: Readonly<Record<string, { readonly description: string; readonly schema: JsonSchema }>>
  readonly content?: Readonly<Record<string, MediaTypeObject>>
}

export interface OperationObject {
  readonly operationId: string
  readonly tags: readonly string[]
  readonly summary: string
  readonly description: string
  readonly 'x-entrepot-permission': Permission
  readonly security: readonly Readonly<Record<string, readonly string[]>>[]
  readonly parameters: readonly ParameterObject[]
  readonly requestBody?: {
    readonly required: true
    readonly content: Readonly<Record<string, MediaTypeObject>>
  }
  readonly responses: Readonly<Record<string, ResponseObject>>
}

export interface OpenApiDocument {
  readonly openapi: '3.1.1'
  readonly info: { readonly title: string; readonly version: string; readonly description: string }
  readonly servers: readonly { readonly url: string }[]
  readonly tags: readonly { readonly name: string; readonly description: string }[]
  readonly paths: Readonly<Record<string, Readonly<Record<string, OperationObject>>>>
  readonly components: {
    readonly schemas: Readonly<Record<string, JsonSchema>>
    readonly securitySchemes: Readonly<Record<string, Readonly<Record<string, string>>>>
  }
}

const permissionWords: Readonly<Record<Permission, string>> = {
  public: 'Open to everybody, without login.',
  optional: 'Open to everybody; who shows credentials is known by them.',
  login: 'For every user who is logged in, with whatever credentials.',
  user: 'For every user, with credentials that are not limited to some content.',
  administrator: 'For administrators; a bearer token needs the administration scope.',
}

const introduction = `The administration of Entrepot, in the dialect of Artifactory's REST API.

* Failures are \`{"errors":[{"status","message"}]}\`; the message says what was wrong, with which value, and what to do.
* What a caller may not see is answered exactly as what does not exist.
* In bodies, \`null\` means "not given". Fields that are not known have no effect and are named in a \`Warning\` header, unless
  the route says otherwise. Bodies are at most 1 MiB long.
* A parameter of a path whose description says so may have slashes in it, which are sent as they are.`

const securitySchemes = {
  basic: { type: 'http', scheme: 'basic', description: 'User name, with a password or an access token.' },
  bearer: { type: 'http', scheme: 'bearer', description: 'An access token or a token of the registry.' },
  apiKey: { type: 'apiKey', in: 'header', name: 'X-JFrog-Art-Api', description: 'An access token.' },
}

const credentials = Object.keys(securitySchemes).map((name) => ({ [name]: [] }))

/**
 * The OpenAPI document of the routes that are described. Paths, methods and permissions are those of the routes, bodies those
 * of the classes that check them.
 * @param version of the contract
 */
export function openApiDocument(routes: readonly DescribedRoute[], version: string): OpenApiDocument {
  const components = new Components()
  const paths: Record<string, Record<string, OperationObject>> = {}
  const usedTags = new Set<string>()
  for (const route of routes) {
    const { description, permission } = route
    if (description === undefined || permission === undefined) continue
    usedTags.add(description.tag)
    const path = templateOf(route)
    paths[path] = { ...paths[path], [route.method]: operation(route, description, permission, components) }
  }
  return {
    openapi: '3.1.1',
    info: { title: 'Entrepot admin API', version, description: introduction },
    servers: [{ url: '/' }],
    tags: Object.entries(tags)
      .filter(([name]) => usedTags.has(name))
      .map(([name, description]) => ({ name, description })),
    paths,
    components: { schemas: components.schemas, securitySchemes },
  }
}

/** `/access/api/v2/users/{name}` */
export function templateOf({ path }: DescribedRoute): string {
  return path.replaceAll(/[:*](\w+)/g, '{$1}')
}

function operation(
  route: DescribedRoute,
  description: RouteDescription,
  permission: Permission,
  components: Components,
): OperationObject {
  const { tag, summary, details, body } = description
  return {
    operationId: route.id,
    tags: [tag],
    summary,
    description: [...(details === undefined ? [] : [details]), permissionWords[permission]].join('\n\n'),
    'x-entrepot-permission': permission,
    security: permission === 'public' ? [] : [...(permission === 'optional' ? [{}] : []), ...credentials],
    parameters: parametersOf(route, description),
    ...(body === undefined
      ? {}
      : { requestBody: { required: true, content: bodyContent(body, description, components) } }),
    responses: { ...answersOf(description, components), ...failuresOf(route, components) },
  }
}

function parametersOf(route: DescribedRoute, description: RouteDescription): readonly ParameterObject[] {
  const described = description.parameters ?? {}
  const inPath = route.parameters.map(({ name, isRest }): ParameterObject => {
    const known = described[name]
    const meaning = known?.description ?? `The ${name}.`
    return {
      name,
      in: 'path',
      required: true,
      description: isRest ? `${meaning} It may have slashes in it.` : meaning,
      schema: known?.schema ?? text,
      ...exampleOf(description.examples, 'path', name),
    }
  })
  const pathNames = new Set(route.parameters.map(({ name }) => name))
  const inQuery = Object.entries(described)
    .filter(([name, known]) => !pathNames.has(name) && known.in !== 'path')
    .map(([name, { description: meaning, schema, required }]): ParameterObject => {
      return {
        name,
        in: 'query',
        required: required ?? false,
        description: meaning,
        schema: schema ?? text,
        ...exampleOf(description.examples, 'query', name),
      }
    })
  return [...inPath, ...inQuery]
}

function exampleOf(
  examples: readonly RouteExample[],
  place: 'path' | 'query',
  name: string,
): { readonly example?: string } {
  const example = examples.map((one) => one[place]?.[name]).find((value) => value !== undefined)
  return example === undefined ? {} : { example }
}

function bodyContent(
  body: BodyDescription,
  { summary, examples }: RouteDescription,
  components: Components,
): Readonly<Record<string, MediaTypeObject>> {
  const schema = components.add(
    body.unknownFields === 'refused' ? { ...body.schema, additionalProperties: false } : body.schema,
  )
  const shown = examples
    .filter((example) => example.body !== undefined)
    .map((example, at) => {
      return [`example${at + 1}`, { summary: example.summary ?? summary, value: example.body }] as const
    })
  const media = { schema, ...(shown.length === 0 ? {} : { examples: Object.fromEntries(shown) }) }
  return Object.fromEntries((body.mediaTypes ?? ['application/json']).map((type) => [type, media]))
}

function answersOf(
  { answers }: RouteDescription,
  components: Components,
): Readonly<Record<string, ResponseObject>> {
  const entries = Object.entries(answers).map(([status, { description, schema, mediaType, headers }]) => {
    const shownHeaders = Object.entries(headers ?? {}).map(([name, meaning]) => {
      return [name, { description: meaning, schema: text }] as const
    })
    const content =
      schema === undefined
        ? mediaType && { [mediaType]: { schema: text } }
        : { [mediaType ?? 'application/json']: { schema: components.add(schema) } }
    return [
      status,
      {
        description,
        ...(shownHeaders.length === 0 ? {} : { headers: Object.fromEntries(shownHeaders) }),
        ...(content === undefined || content === '' ? {} : { content }),
      },
    ] as const
  })
  return Object.fromEntries(entries)
}

function failuresOf(route: DescribedRoute, components: Components): Readonly<Record<string, ResponseObject>> {
  const content = { 'application/json': { schema: components.add(errorSchema) } }
  const entries = [...errorsOf(route)].map(([status, reasons]) => {
    return [status, { description: sentence(reasons), content }] as const
  })
  return Object.fromEntries(entries)
}

function sentence(reasons: readonly string[]): string {
  const all = reasons.join('; or ')
  return `${all.charAt(0).toUpperCase()}${all.slice(1)}.`
}
