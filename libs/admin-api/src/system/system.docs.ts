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

const ok = { 200: { description: 'It is.', schema: object({ code: oneOf('OK') }) } }

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

export const healthDocs = describeRoutes('System', {
  liveness: { summary: 'Say whether the server runs', answers: ok, errors: 'none', examples: [{}] },
  readiness: {
    summary: 'Say whether the server is ready for requests',
    answers: ok,
    errors: { 503: 'a part of it is not ready' },
    examples: [{}],
  },
})
