import { schemaOf } from '../openapi/dto-schema.js'
import { flag, mapOf, object } from '../openapi/json-schema.js'
import { describeRoutes } from '../openapi/route-description.js'
import { ProxyDto } from '../proxies/proxy.dto.js'

export const configurationDocs = describeRoutes('Security', {
  security: {
    summary: 'Tell whether anybody may come in without a login',
    answers: {
      200: { description: 'What is set.', schema: object({ anonAccessEnabled: flag }) },
    },
    errors: 'none',
    examples: [{}],
  },
  get: {
    summary: 'Show what is set for the whole server, and the proxies',
    details: 'Without any password.',
    answers: { 200: { description: "Artifactory's `config`.", mediaType: 'application/xml' } },
    errors: 'none',
    examples: [{}],
  },
  change: {
    summary: 'Change what is set for the whole server, and the proxies',
    details:
      'What is not named stays, also of a proxy; a password that is empty stays too, unless the proxy moves to another host ' +
      'or port. A proxy that is `~` is deleted. One that becomes the default is the only one. Everything is checked before ' +
      'anything is set.',
    body: {
      schema: object(
        {},
        {
          security: object({}, { anonAccessEnabled: flag }),
          proxies: mapOf({
            anyOf: [schemaOf(ProxyDto, { title: 'Proxy' }), { type: 'null' }, { const: '~' }],
          }),
        },
      ),
      mediaTypes: ['application/yaml', 'application/x-yaml', 'text/yaml', 'text/x-yaml'],
    },
    answers: { 200: { description: 'How much was changed.', mediaType: 'text/plain' } },
    errors: {
      400: 'it is not YAML, or a value is not possible',
      409: 'a proxy is to be deleted that a repository names',
    },
    examples: [
      { body: 'security:\n  anonAccessEnabled: true\n' },
      {
        summary: 'A proxy',
        body: 'proxies:\n  corp:\n    host: proxy.example\n    port: 3128\n    username: entrepot\n    password: wonderland\n',
      },
    ],
  },
})
