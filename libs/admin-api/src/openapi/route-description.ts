import { type CustomDecorator, SetMetadata } from '@nestjs/common'
import type { JsonSchema } from './json-schema.js'
import type { Tag } from './tags.js'

export interface RouteDescription {
  readonly tag: Tag
  /** What it does, in one line. */
  readonly summary: string
  /** What else there is to know; Markdown. */
  readonly details?: string
  /** What the parameters of the path and the query mean; those of a path that are not named here are called by their name. */
  readonly parameters?: Readonly<Record<string, ParameterDescription>>
  readonly body?: BodyDescription
  /** By status. */
  readonly answers: Readonly<Record<number, AnswerDescription>>
  /**
   * When which status is answered, beyond what every route with the same permission and kind of body answers.
   * `none` for a route that can fail in no way but those.
   */
  readonly errors: Readonly<Record<number, string>> | 'none'
  /** Requests that work in the state that the tests prepare; each is sent by a test. */
  readonly examples: readonly [RouteExample, ...RouteExample[]]
}

export interface ParameterDescription {
  readonly description: string
  /** Text when left out. */
  readonly schema?: JsonSchema
  readonly in?: 'path' | 'query'
  readonly required?: boolean
}

export interface BodyDescription {
  readonly schema: JsonSchema
  /** How long it may be; 1 when left out. */
  readonly maximumMebibytes?: number
  /** `application/json` when left out. */
  readonly mediaTypes?: readonly string[]
  /** What becomes of fields that are not known: they are reported in a `Warning` header unless this says otherwise. */
  readonly unknownFields?: 'refused' | 'free'
}

export interface AnswerDescription {
  readonly description: string
  /** Of a JSON answer. */
  readonly schema?: JsonSchema
  /** Of an answer that is not JSON; neither this nor a schema: no content. */
  readonly mediaType?: string
  /** Those of this answer that a client has a use for. */
  readonly headers?: Readonly<Record<string, string>>
}

export interface RouteExample {
  /** What it shows; the route's summary when left out. */
  readonly summary?: string
  /** By the names of the route's parameters. */
  readonly path?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, string>>
  /** JSON, or text for a body of text; of a form its fields. */
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** What it is answered with; the first of the answers when left out. */
  readonly status?: number
}

export const descriptionKey = 'entrepot:description'

/** Describes the route for the OpenAPI document. Path, method and permission are read from the route itself. */
export const Documented = (description: RouteDescription): CustomDecorator =>
  SetMetadata(descriptionKey, description)

/** The descriptions of one controller, by what its methods are called. */
export function describeRoutes<K extends string>(
  tag: Tag,
  routes: Readonly<Record<K, Omit<RouteDescription, 'tag'>>>,
): Readonly<Record<K, RouteDescription>> {
  const entries = Object.entries<Omit<RouteDescription, 'tag'>>(routes)
  return Object.fromEntries(entries.map(([name, route]) => [name, { tag, ...route }])) as Readonly<
    Record<K, RouteDescription>
  >
}
