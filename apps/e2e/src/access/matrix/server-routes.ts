import { registryRoutes } from '@entrepot/oci-api/testing'
import { type DynamicModule, RequestMethod, type Type } from '@nestjs/common'
import { METHOD_METADATA, MODULE_METADATA, PATH_METADATA } from '@nestjs/common/constants.js'
import { AppModule } from '../../../../server/src/app.module.js'
import type { Boot } from '../../../../server/src/wiring/core.module.js'

type ModuleLike = Type | DynamicModule | { readonly forwardRef: () => ModuleLike }

/** Only listed, never started: no module looks at more of its options while it is registered. */
const boot = { settings: { trustedProxies: [] } } as unknown as Boot

/** `GET manifest` and so on: the rows of the table of `/v2`. */
export function registryRouteNames(): readonly string[] {
  return registryRoutes.map(({ method, name }) => `${method} ${name}`)
}

/** `GET /artifactory/api/repositories/:key` and so on: every route of every controller of the server's application. */
export function adminRouteNames(): readonly string[] {
  return [...new Set(controllersOf(AppModule.register(boot), new Set()).flatMap(routesOf))].toSorted()
}

/** @throws Error naming the routes without a row, and the rows without a route */
export function requireRowForEach(routes: readonly string[], rows: Iterable<string>): void {
  const covered = new Set(rows)
  const missing = routes.filter((route) => !covered.has(route))
  const stale = [...covered].filter((row) => !routes.includes(row))
  if (missing.length > 0) throw new Error(`the rights matrix says nothing about: ${missing.join(', ')}`)
  if (stale.length > 0)
    throw new Error(`the rights matrix has rows for routes that are gone: ${stale.join(', ')}`)
}

function controllersOf(given: ModuleLike, seen: Set<unknown>): readonly Type[] {
  if (seen.has(given)) return []
  seen.add(given)
  if ('forwardRef' in given) return controllersOf(given.forwardRef(), seen)
  const dynamic: Partial<DynamicModule> = 'module' in given ? given : {}
  const metatype = 'module' in given ? given.module : given
  const listed = (key: string): readonly unknown[] =>
    (Reflect.getMetadata(key, metatype) as readonly unknown[] | undefined) ?? []
  const imports = [...listed(MODULE_METADATA.IMPORTS), ...(dynamic.imports ?? [])] as ModuleLike[]
  return [
    ...(listed(MODULE_METADATA.CONTROLLERS) as readonly Type[]),
    ...(dynamic.controllers ?? []),
    ...imports.flatMap((imported) => controllersOf(imported, seen)),
  ]
}

function routesOf(controller: Type): readonly string[] {
  const members = Object.values(Object.getOwnPropertyDescriptors(controller.prototype as object))
  return members.flatMap(({ value: handler }: PropertyDescriptor) => {
    if (typeof handler !== 'function') return []
    const method = Reflect.getMetadata(METHOD_METADATA, handler) as RequestMethod | undefined
    if (method === undefined) return []
    const below = pathsIn(Reflect.getMetadata(PATH_METADATA, handler))
    return pathsIn(Reflect.getMetadata(PATH_METADATA, controller)).flatMap((base) =>
      below.map((path) => `${RequestMethod[method]} ${joined(base, path)}`),
    )
  })
}

function pathsIn(value: unknown): readonly string[] {
  return Array.isArray(value) ? (value as string[]) : [String(value)]
}

function joined(...parts: readonly string[]): string {
  return `/${parts
    .flatMap((part) => part.split('/'))
    .filter((part) => part !== '')
    .join('/')}`
}
