import type { DescribedRoute } from '../openapi/described-route.js'
import type { RouteDescription, RouteExample } from '../openapi/route-description.js'
import type { AdminApiApp, Answer } from './admin-api-app.js'
import type { ActualValues } from './prepared-world.js'

export type DocumentedRoute = DescribedRoute & { readonly description: RouteDescription }

/** `GET /access/api/v2/users/:name` */
export function nameOf({ method, path }: DescribedRoute): string {
  return `${method.toUpperCase()} ${path}`
}

export function documented(routes: readonly DescribedRoute[]): readonly DocumentedRoute[] {
  return routes.flatMap((route) =>
    route.description === undefined ? [] : [{ ...route, description: route.description }],
  )
}

export function mediaTypeOf({ description }: DocumentedRoute): string {
  return description.body?.mediaTypes?.[0] ?? 'application/json'
}

/** The example with the values that the state has in place of those that it shows. */
export async function actualExample(example: RouteExample, actual: ActualValues): Promise<RouteExample> {
  let text = JSON.stringify(example)
  for (const [shown, real] of actual) if (text.includes(shown)) text = text.replaceAll(shown, await real())
  return JSON.parse(text) as RouteExample
}

/** @throws Error when the example leaves out a parameter of the path */
export function pathOf(route: DescribedRoute, { path = {}, query = {} }: RouteExample): string {
  const filled = route.path.replaceAll(/([:*])(\w+)/g, (_match, sign: string, name: string) => {
    const value = path[name]
    if (value === undefined) throw new Error(`the example has no ${name}`)
    return sign === '*' ? value : encodeURIComponent(value)
  })
  const search = new URLSearchParams(query).toString()
  return search === '' ? filled : `${filled}?${search}`
}

/** As the administrator, or as nobody where the route is open to everybody. */
export function sendExample(
  app: AdminApiApp,
  route: DocumentedRoute,
  example: RouteExample,
): Promise<Answer> {
  const { body, headers = {} } = example
  const isText = typeof body === 'string'
  return app.send(route.method.toUpperCase(), pathOf(route, example), isText ? undefined : body, {
    ...(isText ? { raw: body, headers: { 'content-type': mediaTypeOf(route), ...headers } } : { headers }),
    ...(route.permission === 'public' ? { authorization: undefined } : {}),
  })
}
