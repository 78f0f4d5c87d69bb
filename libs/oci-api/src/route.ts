import type { ImageCall, RootCall } from './call.js'
import type { AuditedAction } from './exchange.js'
import type { ImagePattern, RootPattern } from './match-path.js'
import type { ScopeAction } from './rights.js'

export type Method = 'GET' | 'HEAD' | 'PUT' | 'POST' | 'PATCH' | 'DELETE'

/**
 * What the caller must be allowed before the route's function runs. `open` is for the token endpoint alone, which
 * authenticates by itself; `login` for whoever has proved an identity; `catalog` for the list of all repositories.
 */
export type RootAction = 'open' | 'login' | 'catalog'

export interface RootRoute {
  readonly name: string
  readonly method: Method
  readonly pattern: RootPattern
  readonly action: RootAction
  readonly handle: (call: RootCall) => Promise<void>
}

export interface ImageRoute {
  readonly name: string
  readonly method: Method
  readonly pattern: ImagePattern
  readonly action: ScopeAction
  /** What stands in the audit trail when the route has done its work; a refusal stands there for every route. */
  readonly audit: AuditedAction | 'none'
  readonly handle: (call: ImageCall) => Promise<void>
}

/** A row without an action, or an image's without its word for the audit, does not compile. */
export type Route = RootRoute | ImageRoute

/** The rows of a table by pattern and method. */
export class RouteTable {
  readonly #root = new Map<RootPattern, Map<string, RootRoute>>()
  readonly #image = new Map<ImagePattern, Map<string, ImageRoute>>()

  constructor(rows: readonly Route[]) {
    for (const row of rows) {
      if (isRootRoute(row)) methodsOf(this.#root, row.pattern).set(row.method, row)
      else methodsOf(this.#image, row.pattern).set(row.method, row)
    }
  }

  root(pattern: RootPattern, method: string): RootRoute | undefined {
    return this.#root.get(pattern)?.get(method)
  }

  image(pattern: ImagePattern, method: string): ImageRoute | undefined {
    return this.#image.get(pattern)?.get(method)
  }

  /** For `Allow`. RFC 9110 10.2.1. */
  methods(pattern: RootPattern | ImagePattern): readonly string[] {
    const rows = this.#root.get(pattern as RootPattern) ?? this.#image.get(pattern as ImagePattern)
    return [...(rows?.keys() ?? [])]
  }
}

function isRootRoute(row: Route): row is RootRoute {
  return row.pattern === 'base' || row.pattern === 'token' || row.pattern === 'catalog'
}

function methodsOf<P, R>(byPattern: Map<P, Map<string, R>>, pattern: P): Map<string, R> {
  const known = byPattern.get(pattern)
  if (known !== undefined) return known
  const made = new Map<string, R>()
  byPattern.set(pattern, made)
  return made
}
