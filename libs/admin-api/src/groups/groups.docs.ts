import { pageParameters, wrongPage } from '../openapi/common-parameters.js'
import { schemaOf } from '../openapi/dto-schema.js'
import { address, flag, listOf, object, page, text, titled } from '../openapi/json-schema.js'
import { describeRoutes } from '../openapi/route-description.js'
import { MembershipChangeDto } from '../users/user-v2.dto.js'
import { GroupV1Dto, GroupV2Dto } from './group.dto.js'

const groupV1 = schemaOf(GroupV1Dto, {
  title: 'GroupV1',
  required: 'all',
  optional: ['realmAttributes', 'externalId', 'userNames'],
  with: { watchManager: flag, policyManager: flag, reportsManager: flag },
})

const groupV2 = schemaOf(GroupV2Dto, {
  title: 'GroupV2',
  required: 'all',
  optional: ['realm_attributes', 'external_id'],
})

const entryV1 = titled('GroupV1ListEntry', object({ name: text, uri: address }))
const entryV2 = titled('GroupV2ListEntry', object({ group_name: text, uri: address }))

const name = { description: 'The name of the group.' }
const noGroup = 'there is no such group'
const badValue =
  'a value is not possible: a group of administrators that users join by themselves, or an unknown user'
const lastAdministrator = 'nobody would be left who is an administrator'

export const groupsV1Docs = describeRoutes('Groups', {
  list: {
    summary: 'List the groups',
    answers: { 200: { description: 'All groups.', schema: listOf(entryV1) } },
    errors: 'none',
    examples: [{}],
  },
  get: {
    summary: 'Show a group',
    parameters: {
      name,
      includeUsers: {
        description: 'Whether the members are to be named.',
        schema: { ...flag, default: false },
      },
    },
    answers: { 200: { description: 'The group.', schema: groupV1 } },
    errors: { 400: 'includeUsers is no flag', 404: noGroup },
    examples: [{ path: { name: 'readers' }, query: { includeUsers: 'true' } }, { path: { name: 'readers' } }],
  },
  put: {
    summary: 'Create a group, or change what the body names',
    details: 'Users whom the body names are all the members then.',
    parameters: { name },
    body: { schema: schemaOf(GroupV1Dto, { title: 'GroupV1Change' }) },
    answers: { 201: { description: 'The group is as the body says.' } },
    errors: { 400: badValue, 409: lastAdministrator },
    examples: [{ path: { name: 'writers' }, body: { description: 'Who may push', userNames: ['alice'] } }],
  },
  update: {
    summary: 'Change a group',
    details: 'Users whom the body names become members, and nobody leaves.',
    parameters: { name },
    body: { schema: schemaOf(GroupV1Dto, { title: 'GroupV1Change' }) },
    answers: { 200: { description: 'The group is changed.' } },
    errors: { 400: badValue, 404: noGroup, 409: lastAdministrator },
    examples: [{ path: { name: 'readers' }, body: { autoJoin: true } }],
  },
  delete: {
    summary: 'Delete a group',
    details: 'It is taken out of the permission targets.',
    parameters: { name },
    answers: { 200: { description: 'The group is gone.', mediaType: 'text/plain' } },
    errors: { 404: noGroup, 409: lastAdministrator },
    examples: [{ path: { name: 'readers' } }],
  },
})

export const groupsV2Docs = describeRoutes('Groups', {
  list: {
    summary: 'List the groups',
    parameters: pageParameters,
    answers: { 200: { description: 'A page of groups, by name.', schema: page('groups', entryV2) } },
    errors: { 400: wrongPage },
    examples: [{}],
  },
  create: {
    summary: 'Create a group',
    body: { schema: schemaOf(GroupV2Dto, { title: 'NewGroupV2', required: ['name'] }) },
    answers: { 201: { description: 'The group.', schema: groupV2 } },
    errors: { 400: badValue, 409: 'there is a group of that name' },
    examples: [
      { body: { name: 'writers', description: 'Who may push', members: ['alice'] } },
      { summary: 'A name that is taken', body: { name: 'readers' }, status: 409 },
    ],
  },
  get: {
    summary: 'Show a group with its members',
    parameters: { name },
    answers: { 200: { description: 'The group.', schema: groupV2 } },
    errors: { 404: noGroup },
    examples: [{ path: { name: 'readers' } }, { path: { name: 'nobody' }, status: 404 }],
  },
  update: {
    summary: 'Change a group',
    parameters: { name },
    body: { schema: schemaOf(GroupV2Dto, { title: 'GroupV2Change' }) },
    answers: { 200: { description: 'The group as it is now.', schema: groupV2 } },
    errors: { 400: badValue, 404: noGroup, 409: lastAdministrator },
    examples: [{ path: { name: 'readers' }, body: { auto_join: true } }],
  },
  delete: {
    summary: 'Delete a group',
    details: 'It is taken out of the permission targets.',
    parameters: { name },
    answers: { 204: { description: 'The group is gone.' } },
    errors: { 404: noGroup, 409: lastAdministrator },
    examples: [{ path: { name: 'readers' } }],
  },
  changeMembers: {
    summary: 'Put users into a group, and take them out',
    parameters: { name },
    body: { schema: schemaOf(MembershipChangeDto) },
    answers: { 200: { description: 'All members.', schema: object({ members: listOf(text) }) } },
    errors: { 400: 'there is no such user', 404: noGroup, 409: lastAdministrator },
    examples: [{ path: { name: 'readers' }, body: { add: ['user'], remove: ['alice'] } }],
  },
})
