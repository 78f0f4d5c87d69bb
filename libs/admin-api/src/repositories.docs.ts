import { schemaOf } from './openapi/dto-schema.js'
import { described, type JsonSchema, listOf, object, oneOf, text, titled } from './openapi/json-schema.js'
import { describeRoutes } from './openapi/route-description.js'
import { LocalRepositoryDto } from './local-repository.dto.js'
import { RemoteRepositoryDto } from './remote-repository.dto.js'
import { VirtualRepositoryDto } from './virtual-repository.dto.js'

const local: JsonSchema = schemaOf(LocalRepositoryDto, { title: 'LocalRepository', required: 'all' })
const remote: JsonSchema = schemaOf(RemoteRepositoryDto, {
  title: 'RemoteRepository',
  required: 'all',
  without: ['password'],
  optional: ['externalDependenciesPatterns', 'clientTlsCertificate'],
})
const virtual: JsonSchema = schemaOf(VirtualRepositoryDto, { title: 'VirtualRepository', required: 'all' })

const newRepository: JsonSchema = titled('NewRepository', {
  anyOf: [
    schemaOf(LocalRepositoryDto, { title: 'NewLocalRepository', required: ['rclass', 'packageType'] }),
    schemaOf(RemoteRepositoryDto, {
      title: 'NewRemoteRepository',
      required: ['rclass', 'packageType', 'url'],
    }),
    schemaOf(VirtualRepositoryDto, { title: 'NewVirtualRepository', required: ['rclass', 'packageType'] }),
  ],
})

const changedRepository: JsonSchema = titled('RepositoryChange', {
  anyOf: [
    schemaOf(LocalRepositoryDto, { title: 'LocalRepositoryChange' }),
    schemaOf(RemoteRepositoryDto, { title: 'RemoteRepositoryChange' }),
    schemaOf(VirtualRepositoryDto, { title: 'VirtualRepositoryChange' }),
  ],
})

const entry: JsonSchema = titled(
  'RepositoryListEntry',
  object(
    {
      key: text,
      type: oneOf('LOCAL', 'REMOTE', 'VIRTUAL'),
      description: text,
      url: described("The upstream's of a remote, for administrators, otherwise the repository's own.", text),
      packageType: described('`Docker` in the list, `docker` of one repository.', oneOf('Docker', 'docker')),
    },
    { rclass: described('Of one repository only.', oneOf('local', 'remote', 'virtual')) },
  ),
)

const key = { description: 'The key of the repository.' }
const bodyMediaTypes = [
  'application/json',
  'application/vnd.org.jfrog.artifactory.repositories.LocalRepositoryConfiguration+json',
  'application/vnd.org.jfrog.artifactory.repositories.RemoteRepositoryConfiguration+json',
  'application/vnd.org.jfrog.artifactory.repositories.VirtualRepositoryConfiguration+json',
]
const done = (description: string) => ({ 200: { description, mediaType: 'text/plain' } })
const conflicting =
  'a virtual repository would have itself among its members, or the change does not fit another one'

export const repositoriesDocs = describeRoutes('Repositories', {
  list: {
    summary: 'List the repositories',
    details: 'Who is no administrator sees those in which they may read something.',
    parameters: {
      type: {
        description: '`local`, `remote`, `virtual` or `federated`, of which there are none.',
        schema: oneOf('local', 'remote', 'virtual', 'federated'),
      },
      packageType: { description: 'The kind of packages; all repositories have `docker`.' },
      project: { description: 'The key of a project.' },
    },
    answers: { 200: { description: 'The repositories.', schema: listOf(entry) } },
    errors: { 400: 'a parameter has no meaning, or is given twice' },
    examples: [{ query: { type: 'local' } }, { query: { type: 'else' }, status: 400 }],
  },
  configurations: {
    summary: 'List the whole configurations of all repositories',
    parameters: {
      repoType: { description: 'One or several of `local`, `remote`, `virtual`, with commas between them.' },
      packageType: { description: 'One or several kinds of packages, with commas between them.' },
    },
    answers: {
      200: {
        description: 'The configurations by kind.',
        schema: titled(
          'RepositoryConfigurations',
          object({ LOCAL: listOf(local), REMOTE: listOf(remote), VIRTUAL: listOf(virtual) }),
        ),
      },
    },
    errors: { 400: 'a parameter has no meaning, or is given twice' },
    examples: [{ query: { repoType: 'local,remote' } }],
  },
  get: {
    summary: 'Show the configuration of a repository',
    details: 'Who is no administrator, but may read something in it, sees what the list says of it.',
    parameters: { key },
    answers: {
      200: {
        description: 'The configuration; passwords are never shown.',
        schema: { anyOf: [local, remote, virtual, entry] },
      },
    },
    errors: { 400: 'there is no such repository, or the caller may read nothing in it' },
    examples: [
      { path: { key: 'docker-local' } },
      { path: { key: 'docker-remote' } },
      { path: { key: 'docker' } },
      { path: { key: 'nowhere' }, status: 400 },
    ],
  },
  create: {
    summary: 'Create a repository',
    details: "What is absent has Artifactory's default.",
    parameters: { key: { description: 'Its key, the first part of the names of its images.' } },
    body: { schema: newRepository, mediaTypes: bodyMediaTypes },
    answers: done('It is created.'),
    errors: {
      400: 'a member does not exist, or a field has a value that is not possible',
      409: `the key is taken, or ${conflicting}`,
    },
    examples: [
      {
        summary: 'A local repository',
        path: { key: 'team-local' },
        body: { rclass: 'local', packageType: 'docker', description: 'Images of the team' },
      },
      {
        summary: 'A cache of Docker Hub',
        path: { key: 'hub' },
        body: { rclass: 'remote', packageType: 'docker', url: 'https://registry-1.docker.io' },
      },
      {
        summary: 'Both behind one name',
        path: { key: 'all' },
        body: {
          rclass: 'virtual',
          packageType: 'docker',
          repositories: ['docker-local', 'docker-remote'],
          defaultDeploymentRepo: 'docker-local',
        },
      },
      {
        summary: 'A name that is taken',
        path: { key: 'docker-local' },
        body: { rclass: 'local', packageType: 'docker' },
        status: 409,
      },
    ],
  },
  update: {
    summary: 'Change a repository',
    details: 'What is absent stays. The kind can not change; an empty password keeps the stored one.',
    parameters: { key },
    body: { schema: changedRepository, mediaTypes: bodyMediaTypes },
    answers: done('It is changed.'),
    errors: {
      400: 'there is no such repository, or a field has a value that is not possible',
      409: conflicting,
    },
    examples: [{ path: { key: 'docker-local' }, body: { maxUniqueTags: 20, blackedOut: false } }],
  },
  delete: {
    summary: 'Delete a repository with all its content',
    parameters: { key },
    answers: done('It is gone.'),
    errors: { 400: 'there is no such repository', 409: 'a virtual repository lists it' },
    examples: [
      { path: { key: 'docker' } },
      { summary: 'One that others need', path: { key: 'docker-local' }, status: 409 },
    ],
  },
})

const several = 'Each object has the `key` of its repository. All are done, or none.'

export const repositoryBatchDocs = describeRoutes('Repositories', {
  create: {
    summary: 'Create several repositories',
    details: several,
    body: {
      schema: { type: 'array', maxItems: 1000, items: newRepository },
    },
    answers: { 201: { description: 'They are created.', mediaType: 'text/plain' } },
    errors: { 400: 'one of them can not be created', 409: `a key is taken, or ${conflicting}` },
    examples: [
      {
        body: [
          { key: 'a-local', rclass: 'local', packageType: 'docker' },
          { key: 'a', rclass: 'virtual', packageType: 'docker', repositories: ['a-local'] },
        ],
      },
    ],
  },
  update: {
    summary: 'Change several repositories',
    details: several,
    body: { schema: { type: 'array', maxItems: 1000, items: changedRepository } },
    answers: done('They are changed.'),
    errors: { 400: 'one of them does not exist, or can not be changed like this', 409: conflicting },
    examples: [{ body: [{ key: 'docker-local', notes: 'kept' }] }],
  },
})
