import type { Permission } from '../permission.js'
import type { DescribedRoute } from './described-route.js'
import type { BodyDescription } from './route-description.js'
import { described, listOf, object, text, titled, whole } from './json-schema.js'

/** Artifactory's shape of every failure. */
export const errorSchema = titled(
  'Errors',
  object(
    {
      errors: {
        ...listOf(object({ status: whole, message: text })),
        minItems: 1,
        description: 'What is wrong, and what to do about it; one entry for each thing.',
      },
    },
    {
      code: described('Of `/access/api/v1/tokens` only, as its clients read it: `NOT_FOUND`.', text),
      message: described('Of `/access/api/v1/tokens` only: the first message.', text),
      detail: described('Of `/access/api/v1/tokens` only: the others.', text),
    },
  ),
)

const loginErrors: Readonly<Record<number, string>> = {
  401: 'there are no credentials, or they are wrong or over',
  429: 'there were too many failed logins; `Retry-After` says for how many seconds to wait',
}

const errorsOfPermission: Readonly<Record<Permission, Readonly<Record<number, string>>>> = {
  public: {},
  optional: { ...loginErrors, 401: 'the credentials that were shown are wrong or over' },
  login: loginErrors,
  user: { ...loginErrors, 403: 'the credentials are limited to some content' },
  administrator: { ...loginErrors, 403: 'the caller is no administrator' },
}

const errorsOfBody = ({ maximumMebibytes = 1 }: BodyDescription): Readonly<Record<number, string>> => ({
  400: 'the body is not what the schema says',
  413: `the body is longer than ${maximumMebibytes} MiB`,
  415: 'the body has another media type, or a content coding',
})

/** By status, when it is answered: what follows from the permission and the kind of body, and what the route itself says. */
export function errorsOf(route: DescribedRoute): ReadonlyMap<string, readonly string[]> {
  const { permission, description } = route
  const sources = [
    permission === undefined ? {} : errorsOfPermission[permission],
    description?.body === undefined ? {} : errorsOfBody(description.body),
    description === undefined || description.errors === 'none' ? {} : description.errors,
  ]
  const all = sources.flatMap((source) => Object.entries(source))
  const byStatus = Map.groupBy(all, ([status]) => status)
  const sorted = [...byStatus].sort(([one], [other]) => Number(one) - Number(other))
  return new Map(sorted.map(([status, entries]) => [status, entries.map(([, when]) => when)]))
}
