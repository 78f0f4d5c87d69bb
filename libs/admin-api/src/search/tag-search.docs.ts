import { exampleDigest } from '../openapi/example-values.js'
import { address, digest, listOf, object, text, titled, whole } from '../openapi/json-schema.js'
import { describeRoutes } from '../openapi/route-description.js'

const results = titled(
  'SearchResults',
  object({ results: listOf({ ...object({ uri: address }), additionalProperties: true }) }),
)
const found = { 200: { description: 'The files that were found.', schema: results } }
const repos = { description: 'Keys of repositories, parted by commas; all when left out.' }
const globs = '`*` and `?` stand for any characters.'
const details =
  'Only what the caller may read is found. At most 1,000 results are told, a `Warning` says when there are more. The header `X-Result-Detail: info, properties` asks for what `GET /artifactory/api/storage` tells of each; then there are at most 200.'
const errors = { 400: 'a parameter is missing or malformed' }

export const itemSearchDocs = describeRoutes('Items', {
  artifact: {
    summary: 'Search for tags by name',
    details,
    parameters: {
      name: {
        description: `Part of the name of a tag or an image; ${globs} Or the name of a file.`,
        required: true,
      },
      repos,
    },
    answers: found,
    errors,
    examples: [
      { query: { name: 'app' } },
      { query: { name: '1.*', repos: 'docker-local' }, headers: { 'x-result-detail': 'info, properties' } },
    ],
  },
  prop: {
    summary: 'Search for tags by their properties',
    details,
    parameters: {
      key: { description: `Any key of a property but \`repos\`, with values parted by commas; ${globs}` },
      repos,
    },
    answers: found,
    errors,
    examples: [{ query: { key: 'value', repos: 'docker-local' } }, { status: 400 }],
  },
  checksum: {
    summary: 'Search for manifests and blobs by checksum',
    details: `${details} By SHA-1 or MD5 nothing is found: they are not computed.`,
    parameters: {
      sha256: { description: 'Hexadecimal.' },
      sha512: { description: 'Hexadecimal.' },
      sha1: { description: 'Finds nothing.' },
      md5: { description: 'Finds nothing.' },
      repos,
    },
    answers: found,
    errors,
    examples: [{ query: { sha256: 'a'.repeat(64) } }, { query: { sha1: 'a'.repeat(40) } }],
  },
  pattern: {
    summary: 'Search a repository for files whose paths match a pattern',
    parameters: {
      pattern: { description: 'A repository, a colon and an Ant pattern.', required: true },
    },
    answers: {
      200: {
        description: 'The paths that match.',
        schema: titled(
          'PatternResults',
          object({ repoUri: address, sourcePattern: text, files: listOf(text) }),
        ),
      },
    },
    errors: { ...errors, 404: 'there is no such repository, or the caller may not see it' },
    examples: [
      { query: { pattern: 'docker-local:team/*/1.?/manifest.json' } },
      { query: { pattern: 'nowhere:**' }, status: 404 },
    ],
  },
})

const criterion = (of: string) => ({
  description: `\`key=value\`, or a key: of ${of}; may be given several times. ${globs}`,
})

export const tagSearchDocs = describeRoutes('Items', {
  search: {
    summary: 'Search for tags by image, tag, digest, property, label and annotation',
    details: 'All that is given has to hold. Only what the caller may read is found.',
    parameters: {
      repos,
      image: { description: `Of the whole name of the image; ${globs}` },
      tag: { description: globs },
      name: { description: `Of a tag, an image, or the last part of an image's name; ${globs}` },
      digest: { description: 'Of the manifest, of one that an index lists, or of a blob.' },
      property: criterion('a property'),
      label: criterion("a label in the image's config"),
      annotation: criterion('an annotation of the manifest'),
      limit: { description: 'At most so many results.', schema: { ...whole, minimum: 1, maximum: 1000 } },
      cursor: { description: 'Of the page before.' },
    },
    answers: {
      200: {
        description: 'By repository, image and tag; with a cursor when there are more.',
        schema: titled(
          'FoundTags',
          object(
            {
              results: listOf(
                object({ repo: text, image: text, tag: text, digest, media_type: text, uri: address }),
              ),
            },
            { cursor: text },
          ),
        ),
      },
    },
    errors,
    examples: [
      { query: { image: 'team/*', tag: '1.*', limit: '1' } },
      { query: { label: 'maintainer=ann', annotation: 'org.opencontainers.image.source' } },
      { query: { digest: exampleDigest } },
      { query: { digest: 'none' }, status: 400 },
    ],
  },
})
