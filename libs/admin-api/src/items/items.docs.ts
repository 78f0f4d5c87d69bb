import { schemaOf } from '../openapi/dto-schema.js'
import {
  address,
  described,
  flag,
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
import { PromotionDto } from './promotion.dto.js'

const times = { created: time, createdBy: text, lastModified: time, modifiedBy: text, lastUpdated: time }
const checksums = object({ sha256: text })

const folder = titled(
  'FolderInfo',
  object(
    { repo: text, path: text, uri: address, children: listOf(object({ uri: text, folder: flag })) },
    times,
  ),
)

const file = titled(
  'FileInfo',
  object(
    {
      repo: described('That which holds it: a member, of a virtual repository.', text),
      path: text,
      downloadUri: address,
      mimeType: text,
      size: described('A number, as text.', text),
      uri: address,
    },
    { ...times, checksums, originalChecksums: checksums },
  ),
)

const list = titled(
  'FileList',
  object({
    uri: address,
    created: time,
    files: listOf(
      object(
        { uri: text, size: described('-1 of a folder.', whole), folder: flag },
        { lastModified: time, sha2: text },
      ),
    ),
  }),
)

const properties = titled('ItemProperties', object({ uri: address, properties: mapOf(listOf(text)) }))

const repository = { description: 'The key of the repository.' }
const path = { description: 'As in the tree: `<image>/<tag>/manifest.json`, `<image>/<tag>`, `<image>`.' }
const noItem = 'there is no such item, or the caller may not read it'

export const storageDocs = describeRoutes('Items', {
  info: {
    summary: 'Tell about a file or folder or its properties, or list a folder',
    details:
      'Of a remote repository this is its cache. With `list` a folder is listed, with `properties` its properties are told: 404 when it has none.',
    parameters: {
      repository,
      path,
      properties: {
        description: 'To be told properties: their keys, parted by commas; of no value for all.',
      },
      list: { description: 'To list the folder; of no value.' },
      deep: { description: 'Whether the list goes down to the files.', schema: oneOf('1', '0') },
      depth: { description: 'How deep it goes at most.', schema: { ...whole, minimum: 1, maximum: 9999 } },
      listFolders: { description: 'Whether the list has folders.', schema: oneOf('1', '0') },
    },
    answers: { 200: { description: 'What it is.', schema: { anyOf: [file, folder, list, properties] } } },
    errors: { 400: 'an option is none, or a file is to be listed', 404: noItem },
    examples: [
      { path: { repository: 'docker' } },
      { path: { repository: 'nowhere' }, status: 404 },
      { path: { repository: 'docker-local', path: 'team/app/1.0/manifest.json' } },
      { path: { repository: 'docker-local', path: 'team/app' } },
      {
        path: { repository: 'docker-local', path: 'team' },
        query: { list: '', deep: '1', depth: '2', listFolders: '1' },
      },
      { path: { repository: 'docker-local', path: 'team/none' }, status: 404 },
      {
        path: { repository: 'docker-local', path: 'team/app/1.0/manifest.json' },
        query: { properties: 'docker.manifest,docker.repoName' },
      },
      { path: { repository: 'docker-local', path: 'team/app' }, query: { properties: '' }, status: 404 },
    ],
  },
})

export const promoteDocs = describeRoutes('Items', {
  promote: {
    summary: 'Copy or move a tag, or all tags of an image, into another repository',
    details: 'With all that belongs to it: blobs, children of an index, signatures and other referrers.',
    parameters: { repository },
    body: { schema: schemaOf(PromotionDto, { required: ['targetRepo', 'dockerRepository'] }) },
    answers: { 200: { description: 'What was done, as a sentence.', mediaType: 'text/plain' } },
    errors: {
      400: 'a name is none, or the repositories can not be promoted between',
      403: 'the caller may not read the source, push to the target, or delete what is to move',
      404: 'there is no such repository or tag, or the caller may not see it',
      409: 'the target has a tag that may not be overwritten',
    },
    examples: [
      {
        path: { repository: 'docker-local' },
        body: {
          targetRepo: 'docker',
          dockerRepository: 'team/app',
          tag: '1.0',
          targetTag: 'stable',
          copy: true,
        },
      },
      {
        path: { repository: 'docker-local' },
        body: {
          targetRepo: 'docker-local',
          dockerRepository: 'team/none',
          targetDockerRepository: 'team/new',
        },
        status: 404,
      },
    ],
  },
})

export const deleteItemsDocs = describeRoutes('Items', {
  delete: {
    summary: 'Delete a tag, an image, or all images in a folder',
    details: 'A virtual repository deletes in its default deployment repository only.',
    parameters: { repository, path },
    answers: { 204: { description: 'It is gone.' } },
    errors: {
      403: 'the caller may read it, but not delete all of it',
      404: noItem,
      405: 'nothing can be deleted in a repository of this kind',
    },
    examples: [
      { path: { repository: 'docker-local', path: 'team/app/1.0' } },
      { path: { repository: 'docker-local', path: 'team/none' }, status: 404 },
    ],
  },
})
