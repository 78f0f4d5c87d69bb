import { described, listOf, object, text, titled, whole } from '../openapi/json-schema.js'
import { describeRoutes } from '../openapi/route-description.js'

const property = object({ key: text, value: text })

const found = titled(
  'AqlItem',
  object(
    {},
    {
      repo: text,
      path: described('`.` for what is in no folder.', text),
      name: text,
      type: { enum: ['file', 'folder'] },
      size: whole,
      depth: whole,
      created: text,
      created_by: text,
      modified: text,
      modified_by: text,
      updated: text,
      sha256: text,
      actual_sha1: text,
      original_sha1: text,
      properties: listOf(property),
    },
  ),
)

const build = titled(
  'AqlBuild',
  object(
    {},
    Object.fromEntries(
      ['name', 'number', 'started', 'created', 'created_by', 'modified', 'modified_by', 'url'].map(
        (field) => [`build.${field}`, text],
      ),
    ),
  ),
)

export const searchDocs = describeRoutes('Items', {
  aql: {
    summary: 'Search by the Artifactory Query Language',
    details:
      '`items.find({...})` or `builds.find({...})`, with `.include`, `.sort`, `.offset` and `.limit`. Only what the caller may read is found; of a remote what is cached, in a repository called `<key>-cache`.',
    body: { schema: text, mediaTypes: ['text/plain'], unknownFields: 'refused' },
    answers: {
      200: {
        description: 'What was found; `notification` says when there is more than is answered.',
        schema: object({
          results: { type: 'array', items: { anyOf: [found, build] } },
          range: object(
            { start_pos: whole, end_pos: whole, total: whole },
            { limit: whole, notification: text },
          ),
        }),
      },
    },
    errors: {
      400: 'the query is none, with the position and what was expected; or it is about too much, or takes too long',
    },
    examples: [
      {
        summary: 'The files of a tag',
        body: 'items.find({"repo": "docker-local", "path": "team/app/1.0"}).include("name", "sha256", "actual_sha1")',
      },
      { summary: 'The last runs of a build', body: 'builds.find({"name": "team/app"}).limit(10)' },
    ],
  },
})
