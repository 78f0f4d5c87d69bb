import { describeRoutes } from './route-description.js'

export const openApiDocs = describeRoutes('System', {
  json: {
    summary: 'This document, as JSON',
    answers: { 200: { description: 'The document.', schema: { type: 'object' } } },
    errors: 'none',
    examples: [{}],
  },
  yaml: {
    summary: 'This document, as YAML',
    answers: { 200: { description: 'The document.', mediaType: 'application/yaml' } },
    errors: 'none',
    examples: [{}],
  },
  page: {
    summary: 'This document, to browse',
    answers: { 200: { description: 'The page.', mediaType: 'text/html' } },
    errors: 'none',
    examples: [{}],
  },
  asset: {
    summary: 'What the page consists of',
    parameters: { file: { description: 'The name of the file.' } },
    answers: { 200: { description: 'The file.', mediaType: 'text/javascript' } },
    errors: { 404: 'the page has no such file' },
    examples: [{ path: { file: 'start.js' } }, { path: { file: 'nothing.js' }, status: 404 }],
  },
})
