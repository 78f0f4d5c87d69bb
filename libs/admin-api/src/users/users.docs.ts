import { pageParameters, wrongPage } from '../openapi/common-parameters.js'
import { schemaOf } from '../openapi/dto-schema.js'
import {
  address,
  flag,
  listOf,
  object,
  oneOf,
  page,
  text,
  time,
  titled,
  whole,
} from '../openapi/json-schema.js'
import { describeRoutes } from '../openapi/route-description.js'
import { ChangePasswordDto } from './change-password.dto.js'
import { UserV1Dto } from './user-v1.dto.js'
import { MembershipChangeDto, PasswordDto, UserV2Dto } from './user-v2.dto.js'

const userV1 = schemaOf(UserV1Dto, {
  title: 'UserV1',
  required: 'all',
  without: ['password', 'oldPassword'],
  with: { realm: text, lastLoggedIn: time, policyManager: flag, watchManager: flag, reportsManager: flag },
  optional: ['lastLoggedIn'],
})

const userV2 = schemaOf(UserV2Dto, {
  title: 'UserV2',
  required: 'all',
  without: ['password', 'old_password'],
  with: { effective_admin: flag, realm: text, last_logged_in: time },
  optional: ['last_logged_in'],
})

const shared = { uri: address, realm: text, status: oneOf('enabled', 'disabled') }
const entryV1 = titled('UserV1ListEntry', object({ name: text, ...shared }))
const entryV2 = titled('UserV2ListEntry', object({ username: text, ...shared }))

const name = { description: 'The name of the user; capitals make no difference.' }
const noUser = 'there is no such user, or it is somebody else and the caller no administrator'
const foreignField = 'who is no administrator changes more than their own address and password'
const lastAdministrator = 'nobody would be left who is an administrator'
const badValue =
  'a value is not possible, such as a password that is easy to guess or a group that is not there'

export const usersV1Docs = describeRoutes('Users', {
  list: {
    summary: 'List the users',
    answers: { 200: { description: 'All users.', schema: listOf(entryV1) } },
    errors: 'none',
    examples: [{}],
  },
  get: {
    summary: 'Show a user',
    parameters: { name },
    answers: { 200: { description: 'The user, never with a password.', schema: userV1 } },
    errors: { 404: noUser },
    examples: [{ path: { name: 'alice' } }, { path: { name: 'nobody' }, status: 404 }],
  },
  put: {
    summary: 'Create a user, or change what the body names',
    parameters: { name },
    body: { schema: schemaOf(UserV1Dto, { title: 'UserV1Change' }) },
    answers: { 201: { description: 'The user is as the body says.' } },
    errors: { 400: badValue, 409: lastAdministrator },
    examples: [
      {
        path: { name: 'bob' },
        body: { email: 'bob@registry.example', password: 'many colours: 7', groups: ['readers'] },
      },
      { summary: 'A robot, which logs in by tokens', path: { name: 'ci' }, body: { kind: 'robot' } },
      { summary: 'Without a password', path: { name: 'carol' }, body: {}, status: 400 },
    ],
  },
  update: {
    summary: 'Change a user',
    details: 'Users change their own address and password; for a new password the old one is to be given.',
    parameters: { name },
    body: { schema: schemaOf(UserV1Dto, { title: 'UserV1Change' }) },
    answers: { 200: { description: 'The user is changed.' } },
    errors: { 400: badValue, 403: foreignField, 404: noUser, 409: lastAdministrator },
    examples: [{ path: { name: 'alice' }, body: { email: 'alice@team.example' } }],
  },
  delete: {
    summary: 'Delete a user',
    details: 'The user is taken out of groups and permission targets, and their tokens end.',
    parameters: { name },
    answers: { 200: { description: 'The user is gone.', mediaType: 'text/plain' } },
    errors: { 404: 'there is no such user', 409: lastAdministrator },
    examples: [{ path: { name: 'alice' } }],
  },
  changePassword: {
    summary: 'Change your own password',
    body: { schema: schemaOf(ChangePasswordDto, { required: ['newPassword1', 'newPassword2'] }) },
    answers: { 200: { description: 'It is changed.', mediaType: 'text/plain' } },
    errors: {
      400: 'the new ones differ, or it is easy to guess',
      403: 'the old one is wrong, or it is the password of somebody else',
    },
    examples: [
      {
        body: {
          userName: 'admin',
          oldPassword: 'the old password',
          newPassword1: 'forty-two blue herons',
          newPassword2: 'forty-two blue herons',
        },
      },
    ],
  },
})

const passwordChange = {
  summary: 'Change a password',
  details: 'Users change their own one, and give the old one with it.',
  parameters: { name },
  body: { schema: schemaOf(PasswordDto, { required: ['password'] }) },
  answers: { 204: { description: 'It is changed.' } },
  errors: {
    400: 'it is easy to guess, or the user has none',
    403: 'the old one is missing or wrong',
    404: noUser,
  },
  examples: [{ path: { name: 'alice' }, body: { password: 'forty-two blue herons' } }],
} as const

export const usersV2Docs = describeRoutes('Users', {
  list: {
    summary: 'List the users',
    parameters: pageParameters,
    answers: { 200: { description: 'A page of users, by name.', schema: page('users', entryV2) } },
    errors: { 400: wrongPage },
    examples: [{}, { query: { limit: '1' } }, { query: { limit: '0' }, status: 400 }],
  },
  create: {
    summary: 'Create a user',
    body: { schema: schemaOf(UserV2Dto, { title: 'NewUserV2', required: ['username'] }) },
    answers: { 201: { description: 'The user, never with a password.', schema: userV2 } },
    errors: { 400: badValue, 409: 'there is a user of that name' },
    examples: [
      {
        body: {
          username: 'bob',
          email: 'bob@registry.example',
          password: 'many colours: 7',
          groups: ['readers'],
        },
      },
      {
        summary: 'A name that is taken',
        body: { username: 'alice', password: 'many colours: 7' },
        status: 409,
      },
    ],
  },
  get: {
    summary: 'Show a user',
    parameters: { name },
    answers: { 200: { description: 'The user, never with a password.', schema: userV2 } },
    errors: { 404: noUser },
    examples: [{ path: { name: 'alice' } }, { path: { name: 'nobody' }, status: 404 }],
  },
  update: {
    summary: 'Change a user',
    details: 'Users change their own address and password; for a new password the old one is to be given.',
    parameters: { name },
    body: { schema: schemaOf(UserV2Dto, { title: 'UserV2Change' }) },
    answers: { 200: { description: 'The user as it is now.', schema: userV2 } },
    errors: { 400: badValue, 403: foreignField, 404: noUser, 409: lastAdministrator },
    examples: [{ path: { name: 'alice' }, body: { status: 'disabled' } }],
  },
  delete: {
    summary: 'Delete a user',
    details: 'The user is taken out of groups and permission targets, and their tokens end.',
    parameters: { name },
    answers: { 204: { description: 'The user is gone.' } },
    errors: { 404: 'there is no such user', 409: lastAdministrator },
    examples: [{ path: { name: 'alice' } }],
  },
  changeGroups: {
    summary: 'Put a user into groups, and take them out',
    parameters: { name },
    body: { schema: schemaOf(MembershipChangeDto) },
    answers: {
      200: { description: 'All groups that the user is in.', schema: object({ groups: listOf(text) }) },
    },
    errors: { 400: 'there is no such group', 404: 'there is no such user' },
    examples: [{ path: { name: 'alice' }, body: { add: [], remove: ['readers'] } }],
  },
  setPassword: passwordChange,
  changePassword: passwordChange,
})

export const importUsersDocs = describeRoutes('Users', {
  htpasswd: {
    summary: 'Take over users from an htpasswd file',
    details: 'Passwords have to be hashed by bcrypt. Each line that is refused says why; the others count.',
    parameters: {
      replace: {
        description: 'Whether users who are here already get the password of the file.',
        schema: { ...flag, default: false },
      },
    },
    body: { schema: text, mediaTypes: ['text/plain'] },
    answers: {
      200: {
        description: 'What became of each line.',
        schema: object({
          created: listOf(text),
          replaced: listOf(text),
          refused: listOf(object({ line: whole, reason: text })),
        }),
      },
    },
    errors: { 400: 'replace is neither true nor false' },
    examples: [
      {
        query: { replace: 'false' },
        body: 'dave:$2y$10$0PDDcQcQDQdyEVPjCFDFK.OrpF3QXnRtbPSRg2T6B8JLnYaVjkMBC\nerin:plain\n',
      },
    ],
  },
})
