import { pageParameters, wrongPage } from '../openapi/common-parameters.js'
import { schemaOf } from '../openapi/dto-schema.js'
import {
  address,
  type JsonSchema,
  listOf,
  mapOf,
  object,
  oneOf,
  page,
  text,
  titled,
} from '../openapi/json-schema.js'
import { describeRoutes } from '../openapi/route-description.js'
import { PatternsDto, resourceTypes } from './permission-access.js'
import { PermissionV1Dto } from './permission-v1.js'
import { PermissionV2Dto, SectionDto } from './permission-v2.js'
import { accessWords, type PermissionWords, v1Words, v2Words } from './permission-words.js'

/** Who may do what: names of users and groups, with words for actions. */
function grants(known: PermissionWords): JsonSchema {
  const words = mapOf(listOf(oneOf(...known.keys())))
  return object({}, { users: words, groups: words })
}

function shown(schema: JsonSchema, title: string, ...required: readonly string[]): JsonSchema {
  return { ...schema, title, required }
}

const entry = titled('PermissionListEntry', object({ name: text, uri: address }))

const v1 = schemaOf(PermissionV1Dto, { title: 'PermissionV1Change', with: { principals: grants(v1Words) } })
const v1Shown = shown(
  v1,
  'PermissionV1',
  'name',
  'includesPattern',
  'excludesPattern',
  'repositories',
  'principals',
)

const sectionV2 = schemaOf(SectionDto, {
  title: 'PermissionV2Section',
  with: { actions: grants(v2Words) },
})
const v2 = schemaOf(PermissionV2Dto, {
  title: 'PermissionV2Change',
  with: { repo: sectionV2, build: sectionV2, releaseBundle: sectionV2 },
})
const v2Shown = shown(v2, 'PermissionV2', 'name', 'repo')

const section = titled(
  'AccessPermissionSection',
  object(
    {},
    {
      actions: grants(accessWords),
      targets: mapOf(schemaOf(PatternsDto, { title: 'AccessPermissionPatterns' })),
    },
  ),
)
const access = titled(
  'NewAccessPermission',
  object(
    { name: text },
    { resources: object({}, Object.fromEntries(resourceTypes.map((one) => [one, section]))) },
  ),
)
const accessShown = shown(access, 'AccessPermission', 'name', 'resources')

const name = { description: 'The name of the permission target.' }
const type = {
  description: 'The kind of resource; those of others than `artifact` are kept without effect.',
  schema: oneOf(...resourceTypes),
}
const noTarget = 'there is no such permission target, or the caller may not change it'
const absent = 'a repository, user or group that is named is not there, or an action has no meaning'
const notTheirs =
  'the caller may not change it, or not that much of it: who has `manage` changes the grants alone'

const list = {
  summary: 'List the permission targets',
  details: 'Who is no administrator sees those that they may manage.',
  answers: { 200: { description: 'The permission targets, by name.', schema: listOf(entry) } },
  errors: 'none',
  examples: [{}],
} as const

const deletion = {
  summary: 'Delete a permission target',
  parameters: { name },
  answers: { 200: { description: 'It is gone.', mediaType: 'text/plain' } },
  errors: { 404: 'there is no such permission target' },
  examples: [{ path: { name: 'team' } }, { path: { name: 'nothing' }, status: 404 }],
} as const

const bodyV1 = {
  repositories: ['docker-local'],
  includesPattern: 'team/**',
  excludesPattern: '',
  principals: { users: { alice: ['r', 'w', 'n'] }, groups: { readers: ['r'] } },
}

const bodyV2 = {
  repo: {
    repositories: ['docker-local'],
    'include-patterns': ['team/**'],
    'exclude-patterns': [],
    actions: { users: { alice: ['read', 'write'] }, groups: { readers: ['read'] } },
  },
}

const bodySection = {
  actions: { users: { alice: ['READ', 'WRITE'] }, groups: { readers: ['READ'] } },
  targets: { 'docker-local': { include_patterns: ['team/**'], exclude_patterns: [] } },
}

export const permissionsV1Docs = describeRoutes('Permissions', {
  list,
  get: {
    summary: 'Show a permission target',
    parameters: { name },
    answers: { 200: { description: 'It, with actions as letters.', schema: v1Shown } },
    errors: { 404: noTarget },
    examples: [{ path: { name: 'team' } }],
  },
  put: {
    summary: 'Create or replace a permission target',
    parameters: { name },
    body: { schema: v1 },
    answers: { 201: { description: 'It is created.' }, 200: { description: 'It is replaced.' } },
    errors: { 400: absent, 403: notTheirs },
    examples: [
      { summary: 'A new one', path: { name: 'release' }, body: bodyV1, status: 201 },
      { summary: 'One that there is', path: { name: 'team' }, body: bodyV1, status: 200 },
    ],
  },
  delete: deletion,
})

const keptSections = 'The sections `build` and `releaseBundle` are kept without effect.'

export const permissionsV2Docs = describeRoutes('Permissions', {
  list,
  get: {
    summary: 'Show a permission target',
    parameters: { name },
    answers: { 200: { description: 'It, with actions as words.', schema: v2Shown } },
    errors: { 404: noTarget },
    examples: [{ path: { name: 'team' } }],
  },
  put: {
    summary: 'Create or replace a permission target',
    details: keptSections,
    parameters: { name },
    body: { schema: v2 },
    answers: { 200: { description: 'It is as the body says.' } },
    errors: { 400: absent, 403: notTheirs },
    examples: [{ path: { name: 'team' }, body: bodyV2 }],
  },
  create: {
    summary: 'Create a permission target',
    details: keptSections,
    parameters: { name },
    body: { schema: v2 },
    answers: { 201: { description: 'It is created.' } },
    errors: { 400: absent, 409: 'there is one of that name' },
    examples: [
      { path: { name: 'release' }, body: bodyV2 },
      { summary: 'A name that is taken', path: { name: 'team' }, body: bodyV2, status: 409 },
    ],
  },
  delete: deletion,
})

const placed = { path: { name: 'team', type: 'artifact' } }

export const accessPermissionsDocs = describeRoutes('Permissions', {
  list: {
    summary: 'List the permission targets',
    details: 'Who is no administrator sees those that they may manage.',
    parameters: pageParameters,
    answers: { 200: { description: 'A page of them, by name.', schema: page('permissions', entry) } },
    errors: { 400: wrongPage },
    examples: [{}],
  },
  create: {
    summary: 'Create a permission target',
    body: { schema: access },
    answers: { 201: { description: 'It is created.', schema: accessShown } },
    errors: { 400: absent, 409: 'there is one of that name' },
    examples: [{ body: { name: 'release', resources: { artifact: bodySection } } }],
  },
  get: {
    summary: 'Show a permission target',
    parameters: { name },
    answers: { 200: { description: 'It, by kinds of resources.', schema: accessShown } },
    errors: { 404: noTarget },
    examples: [{ path: { name: 'team' } }],
  },
  getSection: {
    summary: 'Show one section of a permission target',
    parameters: { name, type },
    answers: { 200: { description: 'The section.', schema: section } },
    errors: { 400: 'there is no such kind of resource', 404: `${noTarget}, or it has no such section` },
    examples: [placed, { path: { name: 'team', type: 'build' }, status: 404 }],
  },
  replaceSection: {
    summary: 'Replace one section of a permission target',
    parameters: { name, type },
    body: { schema: section },
    answers: { 200: { description: 'The section as it is now.', schema: section } },
    errors: { 400: absent, 403: notTheirs, 404: noTarget },
    examples: [{ ...placed, body: bodySection }],
  },
  delete: {
    summary: 'Delete a permission target',
    parameters: { name },
    answers: { 204: { description: 'It is gone.' } },
    errors: { 404: 'there is no such permission target' },
    examples: [{ path: { name: 'team' } }],
  },
  deleteSection: {
    summary: 'Empty one section of a permission target',
    parameters: { name, type },
    answers: { 204: { description: 'It grants nothing any more.' } },
    errors: { 400: 'there is no such kind of resource', 404: 'there is no such permission target' },
    examples: [placed],
  },
})
