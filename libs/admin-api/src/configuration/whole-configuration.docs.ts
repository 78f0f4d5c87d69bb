import {
  described,
  flag,
  type JsonSchema,
  listOf,
  mapOf,
  object,
  oneOf,
  text,
  titled,
  whole,
} from '../openapi/json-schema.js'
import { describeRoutes } from '../openapi/route-description.js'
import { prunableSections } from './configuration-document.js'

const thing: JsonSchema = { type: 'object' }
const named = (what: string) => described(`${what}, by name.`, mapOf(thing))

const documentSchema = titled(
  'Configuration',
  object(
    {},
    {
      repositories: named('Configurations of repositories'),
      groups: named('Groups as in `/access/api/v2/groups`'),
      users: named('Users as in `/access/api/v2/users`'),
      permissionTargets: named('Permission targets as in `/artifactory/api/v2/security/permissions`'),
      directories: object({}, { settings: listOf(thing), groups: listOf(thing) }),
      oidcProviders: named('OpenID providers with their `identity_mappings`'),
      lockPolicy: object({}, { enabled: flag, loginAttempts: whole }),
      passwordPolicy: described('As in `/access/api/v1/config/security/password_policy`.', mapOf(whole)),
      anonymousAccess: object({}, { enabled: flag }),
      prune: object({}, { sections: listOf(oneOf(...prunableSections)), withContent: listOf(text) }),
    },
  ),
)

const body = {
  schema: documentSchema,
  mediaTypes: ['application/yaml', 'application/json'],
  unknownFields: 'refused',
} as const

const example = `repositories:
  docker-local:
    description: Images of team A
groups:
  readers:
    description: Who may pull
`

const wrongDocument = 'something in the document is wrong: an entry for each, with its path; nothing is done'

export const wholeConfigurationDocs = describeRoutes('Configuration', {
  get: {
    summary: 'Export everything that is administered',
    details:
      'YAML, or JSON for who asks for it with `Accept`. Secrets are references to variables of their own. See docs/configuration.md.',
    answers: { 200: { description: 'The document.', mediaType: 'application/yaml' } },
    errors: 'none',
    examples: [{}],
  },
  diff: {
    summary: 'Tell what applying a document would change',
    details: 'Text for people, or JSON for who asks for it with `Accept`. Nothing is changed.',
    body,
    answers: {
      200: { description: 'Each change with its fields, secrets not shown.', mediaType: 'text/plain' },
    },
    errors: { 400: wrongDocument },
    examples: [{ body: example }],
  },
  apply: {
    summary: 'Make everything as a document says, or nothing',
    details: 'What is so already is not touched. The answer is that of the diff.',
    body,
    answers: {
      200: { description: 'What was changed.', mediaType: 'text/plain' },
    },
    errors: {
      400: wrongDocument,
      409: 'nobody could administer after it, or others keep changing the same things; nothing is done',
    },
    examples: [{ body: example }],
  },
})
