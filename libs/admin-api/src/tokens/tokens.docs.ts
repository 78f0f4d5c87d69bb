import { pageParameters, wrongPage } from '../openapi/common-parameters.js'
import { schemaOf } from '../openapi/dto-schema.js'
import { exampleRefreshToken, exampleTokenId } from '../openapi/example-values.js'
import {
  described,
  flag,
  listOf,
  mapOf,
  object,
  oneOf,
  page,
  text,
  titled,
  whole,
} from '../openapi/json-schema.js'
import { describeRoutes } from '../openapi/route-description.js'
import { RevocationDto, TokenDto } from './token.dto.js'

const seconds = described('In seconds since 1970.', whole)

/** The answer that shows the secrets, this once. */
export const createdToken = titled(
  'CreatedToken',
  object(
    {
      token_id: text,
      access_token: text,
      expires_in: described('In seconds; 0 for ever.', whole),
      scope: text,
      token_type: oneOf('Bearer'),
      username: text,
    },
    { refresh_token: text, reference_token: text },
  ),
)

const token = titled(
  'Token',
  object(
    {
      token_id: text,
      subject: text,
      scope: text,
      description: text,
      expiry: described('In seconds since 1970; 0 for ever.', whole),
      issued_at: seconds,
      issuer: text,
      refreshable: flag,
      created_by: text,
    },
    { audience: text, last_used: seconds },
  ),
)

const forms = ['application/json', 'application/x-www-form-urlencoded']
const id = { description: 'The `token_id`; `me` for the token that is shown.' }
const noToken = 'there is no such token that works, or it is somebody else’s and the caller no administrator'

const withMade =
  'What was got with a token ends with it: sessions, and the tokens that were made with it, and with these. Each is in the audit trail.'

const creation = {
  details:
    'Users make tokens for themselves, administrators for anybody; a token never makes one that may more or lives longer. ' +
    'With `grant_type` `refresh_token` the refresh token is all that has to be shown, and is replaced by the new one.',
  body: { schema: schemaOf(TokenDto, { title: 'NewToken' }), mediaTypes: forms },
  answers: {
    200: {
      description: 'The token; it is shown this once.',
      schema: createdToken,
      headers: { 'Cache-Control': '`no-store`' },
    },
  },
  errors: {
    400: 'the scope or lifetime is none, or the user is not there',
    401: 'nothing is shown that a token could be made for',
    403: 'it would be for somebody else, or for more than the caller may',
  },
} as const

export const tokensDocs = describeRoutes('Tokens', {
  create: {
    summary: 'Create an access token, or refresh one',
    ...creation,
    examples: [
      {
        summary: 'For a robot',
        body: {
          username: 'alice',
          scope: 'applied-permissions/user',
          expires_in: 3600,
          refreshable: true,
          description: 'CI of the team',
        },
      },
      {
        summary: 'A new one for an old one',
        body: { grant_type: 'refresh_token', refresh_token: exampleRefreshToken },
      },
    ],
  },
  list: {
    summary: 'List the tokens that work',
    details: 'Users see their own, administrators all.',
    parameters: pageParameters,
    answers: {
      200: { description: 'A page of tokens, without their secrets.', schema: page('tokens', token) },
    },
    errors: { 400: wrongPage },
    examples: [{}, { query: { limit: '1' } }],
  },
  revokeAny: {
    summary: 'Revoke a token by its secret or its id',
    details: `Whoever has a token may make it worthless. ${withMade}`,
    body: { schema: schemaOf(RevocationDto), mediaTypes: forms },
    answers: { 200: { description: 'It works no more.' } },
    errors: { 400: 'neither is given', 404: noToken },
    examples: [{ body: { token_id: exampleTokenId } }],
  },
  deleteAny: {
    summary: 'Revoke a token by its secret or its id, as some clients do',
    details: 'Whoever has a token may make it worthless.',
    body: { schema: schemaOf(RevocationDto), mediaTypes: forms },
    answers: { 200: { description: 'It works no more.' } },
    errors: { 400: 'neither is given', 404: noToken },
    examples: [{ body: { token_id: exampleTokenId } }],
  },
  get: {
    summary: 'Show a token, without its secret',
    parameters: { id },
    answers: { 200: { description: 'The token.', schema: token } },
    errors: { 404: noToken },
    examples: [{ path: { id: exampleTokenId } }, { path: { id: 'none' }, status: 404 }],
  },
  revoke: {
    summary: 'Revoke a token',
    details: withMade,
    parameters: {
      id,
      keep_made: {
        description: 'Whether the tokens that were made with it stay.',
        schema: { ...flag, default: false },
      },
    },
    answers: { 200: { description: 'It works no more.' } },
    errors: { 400: '`keep_made` is neither true nor false', 404: noToken },
    examples: [{ path: { id: exampleTokenId } }, { path: { id: 'none' }, status: 404 }],
  },
})

export const legacyTokensDocs = describeRoutes('Tokens', {
  create: {
    summary: 'Create an access token, or refresh one, as older clients do',
    ...creation,
    details: `${creation.details} Scopes may be those of older clients, \`member-of-groups:*\`; a token lives an hour.`,
    examples: [{ body: { username: 'alice', scope: 'member-of-groups:*' } }],
  },
  list: {
    summary: 'List the tokens that work, as older clients do',
    parameters: pageParameters,
    answers: {
      200: { description: 'A page of tokens, without their secrets.', schema: page('tokens', token) },
    },
    errors: { 400: wrongPage },
    examples: [{}],
  },
  revoke: {
    summary: 'Revoke a token, as older clients do',
    body: { schema: schemaOf(RevocationDto), mediaTypes: forms },
    answers: { 200: { description: 'It works no more.', mediaType: 'text/plain' } },
    errors: { 400: 'neither is given', 404: noToken },
    examples: [{ body: { token_id: exampleTokenId } }],
  },
})

export const signingKeysDocs = describeRoutes('Tokens', {
  get: {
    summary: 'Show the public keys of the registry’s bearer tokens',
    details: 'RFC 7517.',
    answers: {
      200: { description: 'The key set.', schema: titled('KeySet', object({ keys: listOf(mapOf(text)) })) },
    },
    errors: 'none',
    examples: [{}],
  },
  rotate: {
    summary: 'Sign with a new key from now on',
    details: 'Tokens signed before live on till they expire.',
    answers: { 200: { description: 'The id of the new key.', schema: object({ kid: text }) } },
    errors: 'none',
    examples: [{}],
  },
})
