import { listOf, object, oneOf, text, titled } from '../openapi/json-schema.js'
import { describeRoutes } from '../openapi/route-description.js'

const ok = { 200: { description: 'It is.', schema: object({ code: oneOf('OK') }) } }

const state = { node_id: text, state: oneOf('HEALTHY', 'UNHEALTHY'), message: text }

export const healthDocs = describeRoutes('System', {
  liveness: { summary: 'Say whether the server runs', answers: ok, errors: 'none', examples: [{}] },
  readiness: {
    summary: 'Say whether the server is ready for requests',
    answers: ok,
    errors: { 503: 'a part of it is not ready' },
    examples: [{}],
  },
  ping: {
    summary: 'Say whether the server answers',
    answers: { 200: { description: '`OK`', mediaType: 'text/plain' } },
    errors: 'none',
    examples: [{}],
  },
  health: {
    summary: "Say how the services of JFrog's platform are that this server stands for",
    details: 'With 503 in the same shape when they are not ready.',
    answers: {
      200: {
        description: 'All of them are well.',
        schema: titled(
          'PlatformHealth',
          object({ router: object(state), services: listOf(object({ service_id: text, ...state })) }),
        ),
      },
    },
    errors: 'none',
    examples: [{}],
  },
})
