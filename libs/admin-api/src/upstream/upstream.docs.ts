import {
  address,
  described,
  flag,
  type JsonSchema,
  listOf,
  mapOf,
  object,
  oneOf,
  text,
  time,
  titled,
  whole,
} from '../openapi/json-schema.js'
import { describeRoutes } from '../openapi/route-description.js'

const orNull = (schema: JsonSchema): JsonSchema => ({ anyOf: [schema, { type: 'null' }] })
const maybeTime = orNull(time)
const failure = { code: text, message: text }

const circuit = object({
  state: described(
    '`open`: left alone after a failure; `probing`: one request may find out whether it is back; `throttled`: it wants to be left alone.',
    oneOf('closed', 'open', 'probing', 'throttled'),
  ),
  since: maybeTime,
  next_try: maybeTime,
  failure: orNull(object(failure)),
})

const state = {
  repo: text,
  url: address,
  offline: flag,
  reachable: described(
    'Whether the last request was answered by something else than 502, 503 or 504; null before the first.',
    orNull(flag),
  ),
  reachable_since: maybeTime,
  circuit,
  observed_since: time,
  requests: object({ total: whole, answered: whole, active: whole, waiting: whole, last_answer: maybeTime }),
  latency: described(
    'Milliseconds until the headers of the last answers were there, at most a hundred.',
    orNull(object({ count: whole, last: whole, p50: whole, p95: whole })),
  ),
  rate_limit: described(
    'What the upstream said last of its quota.',
    orNull(
      object({
        limit: whole,
        remaining: whole,
        window_seconds: orNull(whole),
        reset: maybeTime,
        at: time,
      }),
    ),
  ),
  retry_after: maybeTime,
  failures: described('How many requests failed, by the reason.', mapOf(whole)),
  last_failures: described(
    'The newest first, at most twenty.',
    listOf(object({ at: time, ...failure }, { asked: described('For administrators.', text) })),
  ),
}

const instance = described('The server that answers: what it tells is its own view.', text)
const repository = { description: 'The key of a remote repository.' }
const refusals = {
  400: 'the repository is not a remote one',
  403: 'the caller may read the repository but manage nothing in it',
  404: 'there is no such repository, or the caller may read nothing in it',
}

export const upstreamDocs = describeRoutes('Resolution', {
  list: {
    summary: 'Tell how the upstreams of all remote repositories do',
    details: 'Administrators are told of all, others of those in which they may manage something.',
    answers: {
      200: {
        description: 'The upstreams, by the key of the repository.',
        schema: titled(
          'Upstreams',
          object({ instance, upstreams: listOf(titled('Upstream', object(state))) }),
        ),
      },
    },
    errors: 'none',
    examples: [{}],
  },
  get: {
    summary: 'Tell how the upstream of a remote repository does',
    parameters: { repository },
    answers: {
      200: {
        description: 'What the server that answers has met with.',
        schema: titled('UpstreamOfRepository', object({ instance, ...state })),
      },
    },
    errors: refusals,
    examples: [
      { path: { repository: 'docker-remote' } },
      { path: { repository: 'docker-local' }, status: 400 },
      { path: { repository: 'nowhere' }, status: 404 },
    ],
  },
  probe: {
    summary: 'Ask the upstream of a remote repository for /v2/ at once',
    details: 'Also while it is left alone. When it answers, it is asked by everybody again.',
    parameters: { repository },
    answers: {
      200: {
        description: 'Whether it answered.',
        schema: titled(
          'UpstreamProbe',
          object({
            instance,
            repo: text,
            url: address,
            reachable: flag,
            status: described('Where the answer is no failure; 401 is none.', orNull(whole)),
            milliseconds: whole,
            failure: orNull(object(failure)),
          }),
        ),
      },
    },
    errors: { ...refusals, 400: 'the repository is not a remote one, or it is offline' },
    examples: [
      { path: { repository: 'docker-remote' } },
      { path: { repository: 'docker-local' }, status: 400 },
    ],
  },
})
