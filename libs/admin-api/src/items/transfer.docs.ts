import { listOf, object, oneOf, text, titled, whole } from '../openapi/json-schema.js'
import { describeRoutes, type RouteDescription } from '../openapi/route-description.js'

const result = titled(
  'CopyOrMoveResult',
  object(
    { messages: listOf(object({ level: oneOf('INFO', 'WARNING', 'ERROR'), message: text })) },
    { errors: listOf(object({ status: whole, message: text })) },
  ),
)

const digit = oneOf(0, 1)

const errors: Readonly<Record<number, string>> = {
  400: '`to` is missing, names no place where it can be, or is where it is already; there are more than 10,000 tags',
  403: 'a right is missing, a pattern of the target leaves it out, or a repository is out of service',
  404: 'there is no such item, or no such target, or the caller may not know of it',
  405: 'the target takes no writes, or nothing can be deleted from the source',
  409:
    'a blob was named without its manifest; the target is inside the folder of a tag, or of what is to be put there; the ' +
    'source does not hold all of it; more tags would come than the target keeps',
}

const details =
  'The path is that of a tag (`<image>/<tag>`, or its `manifest.json`), of a manifest (`<image>/sha256:<hex>`), of an image ' +
  'with all its tags, or of a folder of images. Where a folder is at `to` already, or `to` ends with a slash, it comes into ' +
  'that folder under its own name; otherwise it gets the name that `to` ends with. A tag takes the place of a tag, which ' +
  'takes the right to overwrite. Into a virtual repository means into its default deployment repository. Rights to all of ' +
  'it are looked at before the first manifest, and each manifest is there with all that belongs to it, or not at all. When ' +
  'some failed, the status is that of the last failure, and `messages` tells what became of each. Failures have ' +
  '`messages` beside `errors`.'

function described(verb: 'copy' | 'move', more: string): Omit<RouteDescription, 'tag'> {
  const Verb = verb === 'copy' ? 'Copy' : 'Move'
  return {
    summary: `${Verb} an item to another place`,
    details: `${details} ${more}`,
    parameters: {
      repository: { description: 'The key of the source.' },
      path: { description: 'The path in it.' },
      to: { description: '`/<repository>/<path>`.', required: true },
      dry: { description: '1: everything is checked and told, and nothing is changed.', schema: digit },
      failFast: { description: '1: nothing more is begun after a failure.', schema: digit },
      suppressLayouts: { description: 'Accepted, without effect: images have one layout.', schema: digit },
    },
    answers: { 200: { description: 'What was done, or would be.', schema: result } },
    errors,
    examples: [
      {
        path: { repository: 'docker-local', path: 'team/app/1.0' },
        query: { to: '/docker-local/team/released/2026.1' },
      },
      {
        summary: 'What would become of all tags',
        path: { repository: 'docker-local', path: 'team/app' },
        query: { to: '/docker-local/archive/', dry: '1' },
      },
    ],
  }
}

export const transferDocs = describeRoutes('Items', {
  copy: described(
    'copy',
    'It takes the rights to read it and to deploy there. Of a remote, what is cached is copied.',
  ),
  move: described('move', 'It takes the rights to read and delete it and to deploy there.'),
})
