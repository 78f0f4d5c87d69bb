import { describeRoutes } from '../openapi/route-description.js'

/** The SHA-256 of `{}`. */
const emptyConfig = '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a'

export const downloadDocs = describeRoutes('Items', {
  download: {
    summary: 'Download a manifest or a blob by its path',
    details:
      'A blob that a remote has not cached yet is fetched; its manifest has to be there. Ranges are for the registry API.',
    parameters: {
      repository: { description: 'The key of the repository; `<key>-cache` means the remote of that key.' },
      path: { description: 'The path of a file, such as `team/app/1.0/manifest.json`.' },
    },
    answers: {
      200: {
        description: 'The bytes: of a manifest with its media type.',
        mediaType: 'application/octet-stream',
        headers: { 'X-Checksum-Sha256': 'in hexadecimal', 'X-Artifactory-Filename': 'the name of the file' },
      },
    },
    errors: { 400: 'it is a folder', 404: 'there is no such item, or the caller may not read it' },
    examples: [{ path: { repository: 'docker-local', path: `team/app/1.0/sha256__${emptyConfig}` } }],
  },
})
