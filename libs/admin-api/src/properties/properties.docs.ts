import { described, type JsonSchema, oneOf, text } from '../openapi/json-schema.js'
import { describeRoutes } from '../openapi/route-description.js'

const repository = { description: 'The key of the repository.' }
const path = { description: 'As in the tree: `<image>/<tag>/manifest.json`, `<image>/<tag>`, `<image>`.' }
const recursive = {
  description: 'Whether all that is in a folder is meant too; it is when this is left out.',
  schema: oneOf('1', '0'),
}
const done = { 204: { description: 'It is done.' } }
const errors = {
  400: 'a property is malformed, or there would be too many of them',
  403: 'the caller may read it, but not annotate all of it',
  404: 'there is no such item, or the caller may not read it',
  405: 'folders of a virtual repository have no properties',
}
const item = { repository: 'docker-local', path: 'team/app/1.0/manifest.json' }

const values: JsonSchema = {
  anyOf: [
    described('Values are parted by commas; one in a value has a backslash before it.', text),
    { type: 'array', items: text, minItems: 1, maxItems: 100 },
    described('It is deleted.', { type: 'null' }),
  ],
}

const patch: JsonSchema = {
  title: 'PropertyPatch',
  type: 'object',
  required: ['props'],
  properties: { props: { type: 'object', additionalProperties: values } },
}

export const propertiesDocs = describeRoutes('Items', {
  set: {
    summary: 'Set properties of an item',
    details:
      'Each takes the place of all values that its key had. The folder of a tag and the files in it have the same ones.',
    parameters: {
      repository,
      path,
      properties: {
        description: '`key=value,value;key=value`; a backslash before `,` `;` `|` `=` in a value.',
        required: true,
      },
      recursive,
    },
    answers: done,
    errors,
    examples: [
      { path: { repository: 'docker-local' }, query: { properties: 'team=blue', recursive: '0' } },
      { path: { repository: 'docker-local' }, query: { properties: 'sha256=x' }, status: 400 },
      { path: item, query: { properties: 'qa.state=passed;os=linux,windows', recursive: '0' } },
      { path: item, query: { properties: 'no key' }, status: 400 },
    ],
  },
  remove: {
    summary: 'Delete properties of an item',
    parameters: {
      repository,
      path,
      properties: { description: 'Their keys, parted by commas.', required: true },
      recursive,
    },
    answers: done,
    errors,
    examples: [
      { path: { repository: 'docker-local' }, query: { properties: 'team' } },
      { path: item, query: { properties: 'qa.state,os', recursive: '0' } },
    ],
  },
  update: {
    summary: 'Set and delete properties of an item',
    parameters: { repository, path, recursiveProperties: recursive, recursive },
    body: { schema: patch },
    answers: done,
    errors,
    examples: [
      { path: { repository: 'docker-local' }, body: { props: { team: 'blue' } } },
      {
        path: item,
        query: { recursiveProperties: '0' },
        body: { props: { os: ['linux', 'windows'], 'qa.state': null } },
      },
    ],
  },
})
