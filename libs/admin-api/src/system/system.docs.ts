import { listOf, object, oneOf, text, titled, whole } from '../openapi/json-schema.js'
import { describeRoutes } from '../openapi/route-description.js'

const repositoryFigures = titled(
  'RepositoryFigures',
  object({
    repoKey: text,
    repoType: oneOf('LOCAL', 'CACHE', 'VIRTUAL', 'NA'),
    foldersCount: whole,
    filesCount: whole,
    usedSpace: text,
    usedSpaceInBytes: whole,
    itemsCount: whole,
    packageType: text,
    projectKey: text,
    percentage: text,
  }),
)

export const systemDocs = describeRoutes('System', {
  ping: {
    summary: 'Say whether the server answers and the credentials are good',
    answers: { 200: { description: '`OK`', mediaType: 'text/plain' } },
    errors: 'none',
    examples: [{}],
  },
  version: {
    summary: 'Tell which contract this API follows',
    answers: {
      200: {
        description: 'The version of Artifactory whose contract it is.',
        schema: object({ version: text, revision: text, addons: listOf(text), license: text }),
      },
    },
    errors: 'none',
    examples: [{}],
  },
  serviceId: {
    summary: 'Tell by what name older clients know the service',
    details: 'The scope `<service id>:admin` of an older token is that of an administrator.',
    answers: { 200: { description: 'Such as `jfrt@entrepot`.', mediaType: 'text/plain' } },
    errors: 'none',
    examples: [{}],
  },
  usage: {
    summary: 'Take what clients tell of themselves',
    details: 'Nothing is done with it.',
    body: { schema: { type: 'object' }, unknownFields: 'free' },
    answers: { 200: { description: 'It was heard.', schema: object({}) } },
    errors: 'none',
    examples: [{ body: { productId: 'jfrog-cli-go/2.0', features: [{ featureId: 'rt_ping' }] } }],
  },
  license: {
    summary: 'Answer clients that look for a licence',
    details: 'There is none: nothing here depends on one. The type lets clients go on that ask for it first.',
    answers: {
      200: {
        description: 'What they look for.',
        schema: object({ type: text, validThrough: text, licensedTo: text }),
      },
    },
    errors: 'none',
    examples: [{}],
  },
  calculateStorage: {
    summary: 'Ask for fresh figures of what is stored',
    details: 'They are counted when they are asked for: there is nothing to wait for.',
    answers: { 202: { description: 'A sentence.', schema: object({ info: text }) } },
    errors: 'none',
    examples: [{}],
  },
  storage: {
    summary: 'Tell how much is stored',
    details: 'Files are manifests and blobs, folders are images and tags.',
    answers: {
      200: {
        description: 'The figures of the whole and of each repository.',
        schema: titled(
          'StorageInfo',
          object({
            binariesSummary: object({
              binariesCount: text,
              binariesSize: text,
              artifactsSize: text,
              optimization: text,
              itemsCount: text,
              artifactsCount: text,
            }),
            repositoriesSummaryList: listOf(repositoryFigures),
          }),
        ),
      },
    },
    errors: 'none',
    examples: [{}],
  },
})
