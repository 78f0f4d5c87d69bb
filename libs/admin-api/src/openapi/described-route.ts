import { byCodePoint } from '@entrepot/kernel'
import { type Permission, permissionKey } from '../permission.js'
import { RequestMethod, type Type } from '@nestjs/common'
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js'
import { descriptionKey, type RouteDescription, type RouteExample } from './route-description.js'

/** A route as Nest mounts it, with what is said of it. */
export interface DescribedRoute {
  /** As for people: `usersV2Create`. */
  readonly id: string
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete'
  /** As for Express: `/access/api/v2/users/:name`. */
  readonly path: string
  /** The names in `path`; of those after a `*`, the value may have slashes. */
  readonly parameters: readonly { readonly name: string; readonly isRest: boolean }[]
  readonly permission: Permission | undefined
  readonly description: RouteDescription | undefined
}

const methods: Partial<Record<RequestMethod, DescribedRoute['method']>> = {
  [RequestMethod.GET]: 'get',
  [RequestMethod.POST]: 'post',
  [RequestMethod.PUT]: 'put',
  [RequestMethod.PATCH]: 'patch',
  [RequestMethod.DELETE]: 'delete',
}

/** All routes of the controllers that answer one method, in the order of their paths. */
export function describedRoutes(controllers: readonly Type[]): readonly DescribedRoute[] {
  return controllers.flatMap(routesOf).sort((one, other) => byCodePoint(one.path, other.path))
}

/** Those of the route's examples that are for this path, where it has several. */
export function examplesOf({ description, parameters }: DescribedRoute): readonly RouteExample[] {
  const examples: readonly RouteExample[] = description?.examples ?? []
  return examples.filter(({ path = {} }) => {
    const given = Object.keys(path)
    return given.length === parameters.length && parameters.every(({ name }) => given.includes(name))
  })
}

function routesOf(controller: Type): readonly DescribedRoute[] {
  const prototype = controller.prototype as object
  return Object.getOwnPropertyNames(prototype).flatMap((name) => {
    const handler = Object.getOwnPropertyDescriptor(prototype, name)?.value as object | undefined
    const requestMethod =
      handler && (Reflect.getMetadata(METHOD_METADATA, handler) as RequestMethod | undefined)
    const method = requestMethod === undefined ? undefined : methods[requestMethod]
    if (handler === undefined || method === undefined) return []
    const paths = listed(
      Reflect.getMetadata(PATH_METADATA, controller) as string | string[] | undefined,
    ).flatMap((base) =>
      listed(Reflect.getMetadata(PATH_METADATA, handler) as string | string[] | undefined).map((path) =>
        joined(base, path),
      ),
    )
    return paths.map((path, at) => ({
      id: `${camel(controller.name.replace(/Controller$/, ''))}${pascal(name)}${at === 0 ? '' : at + 1}`,
      method,
      path,
      parameters: [...path.matchAll(/([:*])(\w+)/g)].map(([, sign, parameter = '']) => {
        return { name: parameter, isRest: sign === '*' }
      }),
      permission:
        (Reflect.getMetadata(permissionKey, handler) as Permission | undefined) ??
        (Reflect.getMetadata(permissionKey, controller) as Permission | undefined),
      description: Reflect.getMetadata(descriptionKey, handler) as RouteDescription | undefined,
    }))
  })
}

function listed(paths: string | readonly string[] | undefined): readonly string[] {
  return paths === undefined ? [''] : [paths].flat()
}

function joined(...parts: readonly string[]): string {
  const named = parts.flatMap((part) => part.split('/')).filter((part) => part !== '')
  return `/${named.join('/')}`
}

function camel(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1)
}

function pascal(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1)
}
