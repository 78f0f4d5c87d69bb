import { schemaOf } from '../openapi/dto-schema.js'
import { described, type JsonSchema, listOf, mapOf, object, text, titled } from '../openapi/json-schema.js'
import { describeRoutes } from '../openapi/route-description.js'
import { BuildPromotionDto } from './build-promotion.dto.js'
import { DeleteBuildsDto, RetentionDto } from './build-removal.dto.js'

const free: JsonSchema = { type: 'object', additionalProperties: true }
const buildInfo: JsonSchema = titled('BuildInfo', {
  type: 'object',
  required: ['name', 'number', 'started'],
  properties: {
    name: text,
    number: text,
    started: described('Such as `2026-01-31T12:00:00.000+0000`.', text),
    modules: listOf(titled('BuildModule', { ...free, required: ['id'], properties: { id: text } })),
  },
  additionalProperties: true,
})
const run = object({ uri: described('A slash and the number, escaped.', text), started: text })
const builds = object({ uri: text, builds: listOf(object({ uri: text, lastStarted: text })) })
const found = object({ uri: text, buildInfo })
const runs = object({ uri: text, buildsNumbers: listOf(run) })
const asked = listOf(
  object({ buildName: text, buildNumber: described('A number, `LATEST` or `LAST_RELEASE`.', text) }),
)

const started = '2026-11-21T01:00:00.000+0000'
const none = 'the caller published no such build; administrators: nobody did'
const project = {
  project: { description: 'Without effect: there are no projects.' },
  buildRepo: { description: 'Without effect but for `artifactory-build-info`, which is meant anyway.' },
}
const name = { path: { description: 'The name of the build.' } }
const nameAndNumber = { path: { description: 'The name of the build, a slash and the number.' } }

export const buildsDocs = describeRoutes('Builds', {
  publish: {
    summary: 'Publish a run of a build',
    details:
      "JFrog's build-info. A run of the same publisher, name, number and start is replaced. Fields that are not described here are kept as they come.",
    parameters: project,
    body: { schema: buildInfo, unknownFields: 'free', maximumMebibytes: 16 },
    answers: { 204: { description: 'It is published.' } },
    errors: { 429: 'too many large bodies are being read at once' },
    examples: [
      {
        body: {
          name: 'team/app',
          number: '8',
          started,
          modules: [{ id: 'app:1.0', artifacts: [{ name: 'manifest.json', sha256: 'a'.repeat(64) }] }],
        },
      },
    ],
  },
  list: {
    summary: 'List the builds that the caller may see',
    answers: { 200: { description: 'By name, and when each was started last.', schema: builds } },
    errors: 'none',
    examples: [{}],
  },
  get: {
    summary: 'Read a run of a build, or list its runs',
    parameters: {
      path: {
        description: 'The name of a build, then a slash and a number, `LATEST` or `LAST_RELEASE` for a run.',
      },
      started: { description: 'When the run was started, where several have its number.' },
      ...project,
    },
    answers: {
      200: {
        description: 'The run as it was published with its statuses; or the runs, those started last first.',
        schema: { anyOf: [found, runs] },
      },
    },
    errors: { 400: '`started` is no time', 404: none },
    examples: [{ path: { path: 'team%2Fapp/7' } }, { summary: 'All runs', path: { path: 'team%2Fapp' } }],
  },
  latest: {
    summary: 'Tell the numbers of the latest runs',
    body: { schema: asked },
    answers: {
      200: { description: 'In the order asked; an empty number where there is none.', schema: asked },
    },
    errors: 'none',
    examples: [{ body: [{ buildName: 'team/app', buildNumber: 'LATEST' }] }],
  },
  append: {
    summary: 'Add modules to a run',
    details: 'What a module lists is added to that of the same id. The run stays within 16 MiB.',
    parameters: nameAndNumber,
    body: { schema: listOf({ ...free, required: ['id'], properties: { id: text } }), unknownFields: 'free' },
    answers: { 204: { description: 'They are added.' } },
    errors: { 404: none },
    examples: [{ path: { path: 'team%2Fapp/7' }, body: [{ id: 'charts:1.0' }] }],
  },
  rename: {
    summary: 'Rename all runs of a build that the caller may see',
    parameters: { ...name, to: { description: 'The new name.', required: true } },
    answers: { 200: { description: 'How many were renamed, in words.', mediaType: 'text/plain' } },
    errors: { 400: '`to` is missing or no name', 404: none, 409: 'there is such a run of that name already' },
    examples: [{ path: { path: 'team%2Fapp' }, query: { to: 'team/service' } }],
  },
})

const deleted = { 200: { description: 'How many runs were deleted, in words.', mediaType: 'text/plain' } }

export const removeBuildsDocs = describeRoutes('Builds', {
  deleteListed: {
    summary: 'Delete runs of a build',
    details: 'The images that they list stay.',
    body: { schema: schemaOf(DeleteBuildsDto, { title: 'BuildDeletion', required: ['buildName'] }) },
    answers: deleted,
    errors: { 404: none },
    examples: [{ body: { buildName: 'team/app', buildNumbers: ['7'] } }],
  },
  delete: {
    summary: 'Delete runs of a build by their numbers',
    details: 'The images that they list stay.',
    parameters: {
      ...name,
      buildNumbers: { description: 'Separated by commas.' },
      deleteAll: { description: '`1` for all runs.' },
      artifacts: { description: 'Only `0`: the images of a build are deleted as items.' },
      ...project,
    },
    answers: deleted,
    errors: { 400: 'a parameter is malformed, or neither numbers nor `deleteAll` are given', 404: none },
    examples: [{ path: { path: 'team%2Fapp' }, query: { buildNumbers: '7' } }],
  },
  retain: {
    summary: 'Discard old runs of a build',
    details:
      '`count` runs are kept, or those started at or after `minimumBuildDate`; with both only what neither keeps is discarded.',
    parameters: {
      ...name,
      async: { description: 'Without effect: it is done when the answer comes.' },
      ...project,
    },
    body: {
      schema: schemaOf(RetentionDto, {
        title: 'BuildRetention',
        with: {
          count: described('How many runs stay; a number, also as text.', { type: ['integer', 'string'] }),
        },
      }),
    },
    answers: { 204: { description: 'They are gone.' } },
    errors: { 404: none },
    examples: [{ path: { path: 'team%2Fapp' }, query: { async: 'false' }, body: { count: '5' } }],
  },
})

const message = object({ level: { enum: ['INFO', 'WARNING', 'ERROR'] }, message: text })

export const promoteBuildDocs = describeRoutes('Builds', {
  promote: {
    summary: 'Promote a run: its images go into another repository',
    details:
      'Moves, or with `copy` copies, the tags whose manifests the run lists, and notes the status. Of several tags of one image those are meant that have the name and number of the build as properties. Without `targetRepo` only the status is noted; with `dryRun` nothing is changed.',
    parameters: nameAndNumber,
    body: {
      schema: schemaOf(BuildPromotionDto, {
        title: 'BuildPromotion',
        with: { properties: described('Set on the tags at the target.', mapOf(listOf(text))) },
      }),
    },
    answers: { 200: { description: 'What was done.', schema: object({ messages: listOf(message) }) } },
    errors: {
      403: 'a right is missing: to read and, for a move, delete at the source, or to deploy to the target',
      404: none,
      405: 'a repository takes no writes',
      409: 'the source does not hold all of an image',
    },
    examples: [
      { path: { path: 'team%2Fapp/7' }, body: { status: 'released', comment: 'tested', dryRun: false } },
    ],
  },
})
