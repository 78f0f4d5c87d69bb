import { schemaOf } from '../openapi/dto-schema.js'
import {
  exampleCookie,
  exampleIdToken,
  exampleLoginCode,
  exampleLoginState,
} from '../openapi/example-values.js'
import { type JsonSchema, listOf, mapOf, text, titled } from '../openapi/json-schema.js'
import { describeRoutes } from '../openapi/route-description.js'
import { createdToken } from '../tokens/tokens.docs.js'
import { OidcExchangeDto, OidcMappingDto, OidcProviderDto, OidcTokenSpecDto } from './oidc.dto.js'

const provider = schemaOf(OidcProviderDto, {
  title: 'OidcProvider',
  required: 'all',
  without: ['client_secret'],
})
const claims = mapOf({ anyOf: [text, listOf(text)] })
const mapping = schemaOf(OidcMappingDto, {
  title: 'OidcMapping',
  required: 'all',
  with: { claims, token_spec: schemaOf(OidcTokenSpecDto, { title: 'OidcTokenSpec', required: 'all' }) },
})
const mappingChange = (title: string, ...required: readonly string[]): JsonSchema =>
  schemaOf(OidcMappingDto, {
    title,
    required,
    with: { claims, token_spec: schemaOf(OidcTokenSpecDto, { title: 'OidcTokenSpecChange' }) },
  })

const withToken = (title: string, field: string): JsonSchema =>
  titled(title, {
    ...createdToken,
    properties: { ...createdToken.properties, [field]: text },
    required: [...(createdToken.required ?? []), field],
  })

const name = { description: 'The name of the provider.' }
const inMapping = { name, mapping: { description: 'The name of the identity mapping.' } }
const noProvider = 'there is no such provider'
const noMapping = 'there is no such provider or identity mapping'
const badProvider = 'an address is without TLS, or neither a client id nor an audience is given'
const badMapping = 'the scope or a claim is none'
const noStore = { 'Cache-Control': '`no-store`' }

const mappingBody = {
  name: 'team',
  priority: 1,
  claims: { repository: 'team/*' },
  token_spec: { username: 'alice', scope: 'artifact:docker-local/team/**:r,w', expires_in: 600 },
}

export const oidcProvidersDocs = describeRoutes('OpenID Connect', {
  list: {
    summary: 'List the providers',
    answers: { 200: { description: 'The providers, never with a secret.', schema: listOf(provider) } },
    errors: 'none',
    examples: [{}],
  },
  get: {
    summary: 'Show a provider',
    parameters: { name },
    answers: { 200: { description: 'The provider, never with its secret.', schema: provider } },
    errors: { 404: noProvider },
    examples: [{ path: { name: 'ci' } }, { path: { name: 'none' }, status: 404 }],
  },
  create: {
    summary: 'Create a provider',
    body: {
      schema: schemaOf(OidcProviderDto, { title: 'NewOidcProvider', required: ['name', 'issuer_url'] }),
    },
    answers: { 201: { description: 'The provider.', schema: provider } },
    errors: { 400: badProvider, 409: 'there is a provider of that name' },
    examples: [
      { body: { name: 'github', issuer_url: 'https://token.actions.example', audience: 'entrepot' } },
      {
        summary: 'A name that is taken',
        body: { name: 'ci', issuer_url: 'https://token.actions.example', audience: 'entrepot' },
        status: 409,
      },
    ],
  },
  update: {
    summary: 'Change a provider',
    details: 'What is absent stays; the secret only as long as issuer and client do.',
    parameters: { name },
    body: { schema: schemaOf(OidcProviderDto, { title: 'OidcProviderChange' }) },
    answers: { 200: { description: 'The provider as it is now.', schema: provider } },
    errors: { 400: badProvider, 404: noProvider },
    examples: [{ path: { name: 'ci' }, body: { description: 'Jobs of the team' } }],
  },
  delete: {
    summary: 'Delete a provider with its identity mappings',
    parameters: { name },
    answers: { 204: { description: 'It is gone.' } },
    errors: { 404: noProvider },
    examples: [{ path: { name: 'ci' } }],
  },
  listMappings: {
    summary: 'List the identity mappings of a provider',
    parameters: { name },
    answers: { 200: { description: 'The mappings.', schema: listOf(mapping) } },
    errors: { 404: noProvider },
    examples: [{ path: { name: 'ci' } }],
  },
  getMapping: {
    summary: 'Show an identity mapping',
    parameters: inMapping,
    answers: { 200: { description: 'The mapping.', schema: mapping } },
    errors: { 404: noMapping },
    examples: [{ path: { name: 'ci', mapping: 'main' } }],
  },
  createMapping: {
    summary: 'Create an identity mapping',
    details: 'Whose claims match gets a token as `token_spec` says.',
    parameters: { name },
    body: { schema: mappingChange('NewOidcMapping', 'name') },
    answers: { 201: { description: 'The mapping.', schema: mapping } },
    errors: { 400: badMapping, 404: noProvider, 409: 'there is a mapping of that name' },
    examples: [{ path: { name: 'ci' }, body: mappingBody }],
  },
  replaceMapping: {
    summary: 'Replace an identity mapping',
    parameters: inMapping,
    body: { schema: mappingChange('OidcMappingChange') },
    answers: { 200: { description: 'The mapping as it is now.', schema: mapping } },
    errors: { 400: badMapping, 404: noMapping },
    examples: [{ path: { name: 'ci', mapping: 'main' }, body: { ...mappingBody, name: 'main' } }],
  },
  deleteMapping: {
    summary: 'Delete an identity mapping',
    parameters: inMapping,
    answers: { 204: { description: 'It is gone.' } },
    errors: { 404: noMapping },
    examples: [{ path: { name: 'ci', mapping: 'main' } }],
  },
})

const refused = 'the provider does not vouch for it, or no mapping fits; it is always the same words'
const unreachable = 'the provider can not be asked'

export const oidcLoginsDocs = describeRoutes('OpenID Connect', {
  exchange: {
    summary: 'Exchange a token of a provider for one of the registry',
    details: 'RFC 8693, as jobs of a CI system use it.',
    body: {
      schema: schemaOf(OidcExchangeDto, { required: ['subject_token', 'provider_name'] }),
      mediaTypes: ['application/json', 'application/x-www-form-urlencoded'],
    },
    answers: {
      200: {
        description: 'The token; it is shown this once.',
        schema: withToken('ExchangedToken', 'issued_token_type'),
        headers: noStore,
      },
    },
    errors: { 400: 'provider or token are missing', 401: refused, 503: unreachable },
    examples: [
      {
        body: {
          grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
          subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
          subject_token: exampleIdToken,
          provider_name: 'ci',
        },
      },
      {
        summary: 'A token that is none',
        body: { subject_token: 'nothing', provider_name: 'ci' },
        status: 401,
      },
    ],
  },
  begin: {
    summary: 'Send the browser to the provider to log in',
    parameters: {
      provider: name,
      return_to: { description: 'A path of this server, where the browser is to be afterwards.' },
    },
    answers: {
      302: {
        description: 'Off to the provider.',
        headers: {
          Location: 'The page of the provider.',
          'Set-Cookie': 'Proves that it is the same browser.',
          ...noStore,
        },
      },
    },
    errors: { 400: 'there is no such provider to log in by, or return_to is elsewhere', 503: unreachable },
    examples: [
      { path: { provider: 'ci' }, query: { return_to: '/ui/' } },
      { path: { provider: 'ci' }, query: { return_to: 'https://elsewhere.example' }, status: 400 },
    ],
  },
  complete: {
    summary: 'Finish a login that the provider sends the browser back from',
    parameters: {
      provider: name,
      code: { description: 'Of the provider.' },
      state: { description: 'Of this server, as it came to the provider.' },
      iss: { description: 'The issuer, where the provider says it.' },
    },
    answers: {
      200: {
        description: 'A token for the user; it is shown this once.',
        schema: withToken('LoginToken', 'return_to'),
        headers: noStore,
      },
    },
    errors: {
      401: 'the login was not begun here in this browser, or is over, or was refused',
      503: unreachable,
    },
    examples: [
      {
        path: { provider: 'ci' },
        query: { code: exampleLoginCode, state: exampleLoginState },
        headers: { cookie: exampleCookie },
      },
      { path: { provider: 'ci' }, query: { code: 'x', state: 'forged' }, status: 401 },
    ],
  },
})
