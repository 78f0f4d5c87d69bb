import { pageParameters } from '../openapi/common-parameters.js'
import { schemaOf } from '../openapi/dto-schema.js'
import { exampleDigest } from '../openapi/example-values.js'
import {
  described,
  digest,
  flag,
  listOf,
  object,
  oneOf,
  page,
  text,
  time,
  titled,
  whole,
} from '../openapi/json-schema.js'
import { describeRoutes } from '../openapi/route-description.js'
import { InvalidateDto, UndoDto } from './resolution.dto.js'

const cacheEntry = titled(
  'CacheEntry',
  object({ ref: text, status: oneOf('found', 'missing'), checked_at: time, fresh_until: time }, { digest }),
)

const right = titled(
  'ExplainedRight',
  object(
    { allowed: flag },
    { targets: described('The permission targets that give it, for administrators.', listOf(text)) },
  ),
)

const step = titled(
  'ExplainedStep',
  object(
    {
      rule: oneOf('patterns', 'permission', 'stored', 'cache', 'upstream', 'priority', 'order', 'failure'),
      effect: oneOf('taken', 'passed', 'refused', 'noted'),
      message: text,
    },
    { cache: cacheEntry },
  ),
)

const member = titled(
  'ExplainedMember',
  object(
    {
      repo: text,
      through: described('The virtual repositories on the way to it.', listOf(text)),
      priority: flag,
      read: right,
      deploy: right,
      steps: listOf(step),
    },
    { rclass: oneOf('local', 'remote'), blackedOut: flag, offline: flag },
  ),
)

const kept = object({ digest, media_type: text })
const outcome = titled('ExplainedOutcome', {
  anyOf: [
    object({ kind: oneOf('served'), digest, media_type: text, found_in: text }, { cache: text }),
    object({ kind: oneOf('upstream'), repo: text, message: text }, { fallback: kept }),
    object({ kind: oneOf('error'), code: text, message: text }, { siblings: listOf({ type: 'object' }) }),
  ],
})

export const explainDocs = describeRoutes('Resolution', {
  explain: {
    summary: 'Explain what a pull would get now, and why',
    details: 'Nothing is changed or fetched.',
    parameters: {
      repo: { description: 'The key of the repository.', required: true },
      image: { description: 'The name of the image in it.', required: true },
      reference: { description: 'A tag or a digest.', required: true },
      user: { description: 'Whose pull it would be, when an administrator asks; the caller’s else.' },
    },
    answers: {
      200: {
        description: 'The members in the order in which they are considered, and what comes of it.',
        schema: titled(
          'Explanation',
          object({ repo: text, image: text, reference: text, user: text, members: listOf(member), outcome }),
        ),
      },
    },
    errors: {
      400: 'a parameter is missing or given twice, or the user is disabled',
      403: 'the user is somebody else, and the caller no administrator',
      404: 'there is no such repository, or the caller may not see it; or there is no such user',
    },
    examples: [
      { query: { repo: 'docker', image: 'team/app', reference: '1.0', user: 'alice' } },
      { query: { repo: 'docker', image: 'team/app' }, status: 400 },
    ],
  },
})

export const invalidateDocs = describeRoutes('Resolution', {
  invalidate: {
    summary: 'End what is believed of an upstream without asking',
    details:
      'Of a tag or digest, an image, or all of a remote repository. What is cached stays, and is served when the upstream ' +
      'can not be asked.',
    body: { schema: schemaOf(InvalidateDto, { required: ['repo'] }), unknownFields: 'refused' },
    answers: {
      200: {
        description: 'How much there was.',
        schema: object({ invalidated: whole }),
      },
    },
    errors: {
      400: 'a name is none, the repository is not remote, or a field is unknown',
      403: 'the caller may not manage the image, or is no administrator, for all of the repository',
      404: 'there is no such repository, or the caller may not see it',
    },
    examples: [
      { body: { repo: 'docker-remote', image: 'library/alpine', reference: '3.20' } },
      { summary: 'A repository without a cache', body: { repo: 'docker-local' }, status: 400 },
    ],
  },
})

const repository = { description: 'The key of the repository.' }
const path = { description: 'The name of the image, with the tag: `team/app/1.0`.' }
const noTag = 'there is no such repository or tag, or the caller may not see it'
const event = titled(
  'TagEvent',
  object({ id: text, at: time, from_is_stored: flag }, { actor: text, from: digest, to: digest }),
)

export const tagHistoryDocs = describeRoutes('Resolution', {
  history: {
    summary: 'Tell what a tag pointed to before, and who moved it',
    details: 'The newest first.',
    parameters: { repository, path, ...pageParameters },
    answers: { 200: { description: 'A page of events.', schema: page('events', event) } },
    errors: { 400: 'limit or cursor are none', 404: noTag },
    examples: [
      { path: { repository: 'docker-local', path: 'team/app/1.0' } },
      { path: { repository: 'docker-local', path: 'team/app/none' }, status: 404 },
    ],
  },
  undo: {
    summary: 'Put a tag back to what it pointed to before',
    parameters: { repository, path },
    body: { schema: schemaOf(UndoDto, { title: 'TagUndo', required: ['to'] }) },
    answers: {
      200: {
        description: 'What it points to now.',
        schema: object({ repo: text, image: text, tag: text, to: digest }, { from: digest }),
      },
    },
    errors: {
      400: 'the digest is missing or none',
      403: 'the caller may not move the tag',
      404: noTag,
      409: 'the tag never pointed there, or what it pointed to is not stored any more',
    },
    examples: [{ path: { repository: 'docker-local', path: 'team/app/1.0' }, body: { to: exampleDigest } }],
  },
})
