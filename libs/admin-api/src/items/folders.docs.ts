import { listOf, object, text, time, titled } from '../openapi/json-schema.js'
import { describeRoutes } from '../openapi/route-description.js'

export const foldersDocs = describeRoutes('Items', {
  create: {
    summary: 'Make sure that images can be put into a folder',
    details:
      'Clients ask for this before they copy or move into a folder. A folder is there as soon as there is an image in it: ' +
      'nothing is stored, which a `Warning` says. The path ends with a slash; nothing else is uploaded here.',
    parameters: { path: { description: 'The path of the folder, with a slash at its end.' } },
    answers: {
      201: {
        description: 'What the folder will be.',
        schema: titled(
          'NewFolder',
          object({ repo: text, path: text, created: time, uri: text, children: listOf(text) }),
        ),
        headers: { Warning: 'That there will be no folder before there is something in it.' },
      },
    },
    errors: {
      400: 'no image could be in a folder of that name',
      403: 'the caller may read there, but not deploy',
      404: 'there is no such repository, or the caller may not know of it; or the path does not end with a slash',
      405: 'the repository takes no writes',
    },
    examples: [{ path: { repository: 'docker-local', path: 'team/new/' } }],
  },
})
