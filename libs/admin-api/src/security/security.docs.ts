import { schemaOf } from '../openapi/dto-schema.js'
import { flag, listOf, object, text, titled, whole } from '../openapi/json-schema.js'
import { describeRoutes } from '../openapi/route-description.js'
import { PasswordPolicyDto } from './password-policy.dto.js'
import { AnonymousDto, LockPolicyDto } from './security.dto.js'

const anonymousAccess = titled('AnonymousAccess', object({ enabled: flag }))
const lockPolicy = titled('LockPolicy', object({ enabled: flag, loginAttempts: whole }))
const done = { 200: { description: 'What was done, as a sentence.', mediaType: 'text/plain' } }

export const anonymousDocs = describeRoutes('Security', {
  get: {
    summary: 'Tell whether there is access without login',
    answers: { 200: { description: 'The switch.', schema: anonymousAccess } },
    errors: 'none',
    examples: [{}],
  },
  put: {
    summary: 'Switch access without login on or off',
    details: 'What is allowed then, the permission targets say for the user `anonymous`.',
    body: { schema: schemaOf(AnonymousDto, { title: 'AnonymousAccessChange', required: ['enabled'] }) },
    answers: { 200: { description: 'The switch as it is now.', schema: anonymousAccess } },
    errors: { 400: 'enabled is missing' },
    examples: [{ body: { enabled: true } }, { summary: 'Without a value', body: {}, status: 400 }],
  },
})

export const loginLocksDocs = describeRoutes('Security', {
  get: {
    summary: 'Show after how many failed logins users are locked',
    answers: { 200: { description: 'The policy.', schema: lockPolicy } },
    errors: 'none',
    examples: [{}],
  },
  put: {
    summary: 'Change after how many failed logins users are locked',
    body: { schema: schemaOf(LockPolicyDto, { title: 'LockPolicyChange' }) },
    answers: done,
    errors: { 400: 'loginAttempts is no number from 0 to 1000, or 0 where users are locked' },
    examples: [{ body: { enabled: true, loginAttempts: 5 } }],
  },
  locked: {
    summary: 'List the users who are locked',
    answers: { 200: { description: 'Their names.', schema: listOf(text) } },
    errors: 'none',
    examples: [{}],
  },
  unlock: {
    summary: 'Unlock a user',
    parameters: {
      name: { description: 'The name of the user; one who is not locked is named in the answer.' },
    },
    answers: done,
    errors: 'none',
    examples: [{ path: { name: 'alice' } }],
  },
  unlockSome: {
    summary: 'Unlock several users',
    body: { schema: listOf(text) },
    answers: done,
    errors: { 400: 'the body is no list of texts' },
    examples: [{ body: ['alice', 'bob'] }],
  },
  unlockAll: {
    summary: 'Unlock all users',
    answers: done,
    errors: 'none',
    examples: [{}],
  },
})

const passwordPolicy = schemaOf(PasswordPolicyDto, { title: 'PasswordPolicy', required: 'all' })
const passwordPolicyChange = schemaOf(PasswordPolicyDto, { title: 'PasswordPolicyChange' })
const isSet = { 204: { description: 'It holds for passwords that are set from now on.' } }

export const passwordPolicyDocs = describeRoutes('Security', {
  get: {
    summary: 'Show what a password has to have',
    details:
      'Besides this, none is shorter than 8 characters, well known, made of the user name, or of one or two characters only.',
    answers: { 200: { description: 'The least numbers of signs.', schema: passwordPolicy } },
    errors: 'none',
    examples: [{}],
  },
  put: {
    summary: 'Say what a password has to have',
    details: 'What is not given is 0.',
    body: { schema: passwordPolicyChange },
    answers: isSet,
    errors: { 400: 'nothing is given, or no whole number from 0' },
    examples: [{ body: { length: 10, uppercase: 1, lowercase: 1, digit: 1, special_char: 0 } }],
  },
  patch: {
    summary: 'Change what a password has to have',
    details: 'What is not given stays.',
    body: { schema: passwordPolicyChange },
    answers: isSet,
    errors: { 400: 'nothing is given, or no whole number from 0' },
    examples: [{ body: { length: 12 } }],
  },
})
