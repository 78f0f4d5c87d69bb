import { groupImportModes } from '@entrepot/identity'
import { schemaOf } from '../openapi/dto-schema.js'
import { flag, type JsonSchema, listOf, object, oneOf, text, titled, whole } from '../openapi/json-schema.js'
import { describeRoutes } from '../openapi/route-description.js'
import { DirectoryDto, DirectoryGroupDto, DirectorySearchDto, TestUserDto } from './directory.dto.js'

const search = schemaOf(DirectorySearchDto, {
  title: 'LdapSearch',
  required: 'all',
  without: ['manager_password'],
})
const directory = schemaOf(DirectoryDto, { title: 'LdapSetting', required: 'all', with: { search } })
const searchChange = schemaOf(DirectorySearchDto, { title: 'LdapSearchChange' })
const change = (title: string, ...required: readonly string[]): JsonSchema =>
  schemaOf(DirectoryDto, { title, required, with: { search: searchChange } })
const trial = (title: string, ...required: readonly string[]): JsonSchema =>
  schemaOf(DirectoryDto, {
    title,
    required,
    with: { search: searchChange, ...schemaOf(TestUserDto).properties },
  })

const group = schemaOf(DirectoryGroupDto, { title: 'LdapGroupSetting', required: 'all' })

const outcome = titled(
  'LdapTest',
  object({
    succeeded: flag,
    steps: listOf(
      object(
        {
          url: text,
          step: oneOf('connect', 'tls', 'manager bind', 'search', 'user bind', 'groups'),
          outcome: oneOf('ok', 'failed', 'skipped'),
          message: text,
        },
        { found: { type: 'object' } },
      ),
    ),
  }),
)

const groupImport = titled(
  'LdapGroupImport',
  object({ found: whole, created: listOf(text), updated: listOf(text), taken: listOf(text) }),
)

const key = { description: 'The key of the setting.' }
const name = { description: 'The name of the setting.' }
const noSetting = 'there is no such setting'
const badSetting = 'a value can not work: an address that is none, a filter that does not close'
const camelCase = 'a field is spelt in camel case'

const settings = {
  key: 'branch',
  ldap_url: 'ldap://127.0.0.1:1/dc=registry,dc=example',
  search: { search_filter: '(uid={0})', search_base: 'ou=people' },
}

export const directoriesDocs = describeRoutes('LDAP', {
  list: {
    summary: 'List the LDAP settings, in the order in which they are asked',
    answers: { 200: { description: 'The settings, never with a password.', schema: listOf(directory) } },
    errors: 'none',
    examples: [{}],
  },
  get: {
    summary: 'Show an LDAP setting',
    parameters: { key },
    answers: { 200: { description: 'The setting, never with a password.', schema: directory } },
    errors: { 404: noSetting },
    examples: [{ path: { key: 'company' } }, { path: { key: 'none' }, status: 404 }],
  },
  create: {
    summary: 'Create an LDAP setting',
    body: { schema: change('NewLdapSetting', 'key') },
    answers: { 201: { description: 'The setting.', schema: directory } },
    errors: { 400: `${badSetting}; or ${camelCase}`, 409: 'there is one of that key' },
    examples: [
      { body: settings },
      { summary: 'A key that is taken', body: { ...settings, key: 'company' }, status: 409 },
    ],
  },
  update: {
    summary: 'Change an LDAP setting',
    details: "What is absent stays; the manager's password only as long as manager and servers do.",
    parameters: { key },
    body: { schema: change('LdapSettingChange') },
    answers: { 200: { description: 'The setting as it is now.', schema: directory } },
    errors: { 400: `${badSetting}; or ${camelCase}`, 404: noSetting },
    examples: [{ path: { key: 'company' }, body: { enabled: false } }],
  },
  updateNamed: {
    summary: 'Change the LDAP setting that the body names',
    details: 'As the Terraform provider does.',
    body: { schema: change('NamedLdapSettingChange', 'key') },
    answers: { 200: { description: 'The setting as it is now.', schema: directory } },
    errors: { 400: `${badSetting}; or ${camelCase}`, 404: noSetting },
    examples: [{ body: { key: 'company', enabled: false } }],
  },
  delete: {
    summary: 'Delete an LDAP setting',
    parameters: { key },
    answers: { 204: { description: 'It is gone.' } },
    errors: { 404: noSetting },
    examples: [{ path: { key: 'company' } }],
  },
  test: {
    summary: 'Try an LDAP setting before it is saved',
    details: 'With `user`, and `password`, down to the login.',
    body: { schema: trial('LdapTrial', 'key') },
    answers: { 200: { description: 'What each step came to, at each server.', schema: outcome } },
    errors: { 400: badSetting },
    examples: [{ body: { ...settings, user: 'alice', password: 'secret' } }],
  },
  reorder: {
    summary: 'Say in which order the directories are asked',
    body: { schema: listOf(text) },
    answers: { 200: { description: 'The order.', schema: object({ order: listOf(text) }) } },
    errors: { 400: 'the body is no list of texts', 409: 'the list does not have each key once' },
    examples: [
      { body: ['company'] },
      { summary: 'A key that is none', body: ['company', 'none'], status: 409 },
    ],
  },
  testSaved: {
    summary: 'Try a saved LDAP setting, with what the body changes of it',
    parameters: { key },
    body: { schema: trial('LdapTrialOfSaved') },
    answers: { 200: { description: 'What each step came to, at each server.', schema: outcome } },
    errors: { 400: badSetting, 404: noSetting },
    examples: [{ path: { key: 'company' }, body: { user: 'alice' } }],
  },
})

const modes = oneOf(...groupImportModes)
const unreachable = 'no server of the directory can be asked'

export const directoryGroupsDocs = describeRoutes('LDAP', {
  list: {
    summary: 'List the LDAP group settings',
    answers: { 200: { description: 'The settings.', schema: listOf(group) } },
    errors: 'none',
    examples: [{}],
  },
  get: {
    summary: 'Show an LDAP group setting',
    parameters: { name },
    answers: { 200: { description: 'The setting.', schema: group } },
    errors: { 404: noSetting },
    examples: [{ path: { name: 'staff' } }],
  },
  create: {
    summary: 'Create an LDAP group setting',
    body: { schema: schemaOf(DirectoryGroupDto, { title: 'NewLdapGroupSetting', required: ['name'] }) },
    answers: { 201: { description: 'The setting.', schema: group } },
    errors: { 400: `${badSetting}; or ${camelCase}`, 409: 'there is one of that name' },
    examples: [
      {
        body: { name: 'teams', enabled_ldap: 'company', group_base_dn: 'ou=teams', strategy: 'STATIC' },
      },
    ],
  },
  update: {
    summary: 'Change an LDAP group setting',
    parameters: { name },
    body: { schema: schemaOf(DirectoryGroupDto, { title: 'LdapGroupSettingChange' }) },
    answers: { 200: { description: 'The setting as it is now.', schema: group } },
    errors: { 400: `${badSetting}; or ${camelCase}`, 404: noSetting },
    examples: [{ path: { name: 'staff' }, body: { nested_depth: 2 } }],
  },
  updateNamed: {
    summary: 'Change the LDAP group setting that the body names',
    details: 'As the Terraform provider does.',
    body: {
      schema: schemaOf(DirectoryGroupDto, { title: 'NamedLdapGroupSettingChange', required: ['name'] }),
    },
    answers: { 200: { description: 'The setting as it is now.', schema: group } },
    errors: { 400: `${badSetting}; or ${camelCase}`, 404: noSetting },
    examples: [{ body: { name: 'staff', nested_depth: 2 } }],
  },
  delete: {
    summary: 'Delete an LDAP group setting',
    parameters: { name },
    answers: { 204: { description: 'It is gone.' } },
    errors: { 404: noSetting },
    examples: [{ path: { name: 'staff' } }],
  },
  refresh: {
    summary: 'Take over the groups of a directory',
    details: 'Members are not taken over: they come at login.',
    parameters: {
      name,
      mode: {
        description: '`UPDATE` changes groups that are here; `IMPORT` makes those that are not.',
        schema: { ...modes, default: 'UPDATE_AND_IMPORT' },
      },
    },
    answers: { 200: { description: 'What became of the groups.', schema: groupImport } },
    errors: { 400: 'the mode is none', 404: noSetting, 503: unreachable },
    examples: [{ path: { name: 'staff' }, query: { mode: 'IMPORT' }, status: 503 }],
  },
  refreshBy: {
    summary: 'Take over the groups of a directory, with the mode in the path',
    parameters: { name, mode: { description: 'As of the route without it.', schema: modes } },
    answers: { 200: { description: 'What became of the groups.', schema: groupImport } },
    errors: { 400: 'the mode is none', 404: noSetting, 503: unreachable },
    examples: [{ path: { name: 'staff', mode: 'UPDATE' }, status: 503 }],
  },
})
