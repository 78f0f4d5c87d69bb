import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseYamlObject } from '../http/yaml-text.js'
import { ConfigurationInstance } from '../testing/configuration-instance.js'
import { configurationYaml } from './export-configuration.js'

/** What YAML, JavaScript or SQL might take for something else. */
const oddTexts = [
  '',
  'null',
  'yes',
  '1e3',
  '0x1f',
  '2026-11-21',
  '# no comment',
  'a: b',
  '- a',
  '{ env: X }',
  '*alias',
  '!tag',
  '"quoted',
  ' outer spaces ',
  'two\nlines\n',
  'tab\tand \u0007 bell',
  '\u2028\u0085\ufeff',
  'Grüße 🚢',
  "'; DROP TABLE users; --",
  '%zz',
]
const text = fc.oneof(fc.constantFrom(...oddTexts), fc.string({ unit: 'grapheme', maxLength: 20 }))

const names = <T>(kind: string, count: number, thing: fc.Arbitrary<T>) =>
  fc
    .array(thing, { maxLength: count })
    .map((things) => things.map((one, at) => [`${kind}${at}`, one] as const))

const reference = (name: string) => ({ env: name })

const local = fc.record(
  { description: text, notes: text, maxUniqueTags: fc.nat(1000), blackedOut: fc.boolean(), projectKey: text },
  { requiredKeys: [] },
)
const remote = fc.record(
  {
    description: text,
    offline: fc.boolean(),
    username: fc.constantFrom('', 'puller'),
    password: fc.constant(reference('REMOTE')),
    queryParams: fc.constant(reference('QUERY')),
    socketTimeoutMillis: fc.integer({ min: 1, max: 60_000 }),
    contentSynchronisation: fc.constant({ enabled: true }),
    environments: fc.uniqueArray(text, { maxLength: 3 }),
  },
  { requiredKeys: ['password', 'queryParams'] },
)

const group = fc.record(
  { description: text, isSpecial: fc.boolean(), external_id: text, realm_attributes: text },
  { requiredKeys: ['isSpecial'] },
)

/** By where they are in a list. */
const picks = fc.uniqueArray(fc.nat(5), { maxLength: 4 })
const picked = (all: readonly string[], at: readonly number[]) =>
  [...new Set(at.map((one) => all[one]))].filter((name) => name !== undefined)

const user = fc.record({
  fields: fc.record(
    {
      admin: fc.boolean(),
      email: fc.constantFrom('', 'a@registry.example'),
      status: fc.constantFrom('enabled', 'disabled'),
      profile_updatable: fc.boolean(),
    },
    { requiredKeys: [] },
  ),
  groups: fc.option(picks),
})

const action = fc.uniqueArray(
  fc.constantFrom('read', 'write', 'annotate', 'delete', 'manage', 'deploy', 'overwrite', 'distribute'),
)
const target = fc.record({
  includes: fc.uniqueArray(fc.constantFrom('**', 'team/**', 'a/*/b', '*:1.*'), { maxLength: 3 }),
  repositories: picks,
  isAny: fc.boolean(),
  users: picks,
  groups: picks,
  action,
})

const directory = fc.record(
  {
    enabled: fc.boolean(),
    user_dn_pattern: fc.constantFrom('uid={0},ou=people'),
    page_size: fc.integer({ min: 1, max: 10_000 }),
    search: fc.constantFrom(
      { search_filter: '(uid={0})' },
      { search_filter: '(uid={0})', manager_dn: 'cn=m', manager_password: reference('MANAGER') },
    ),
  },
  { requiredKeys: ['user_dn_pattern'] },
)

const provider = fc.record(
  {
    description: text,
    client_id: fc.constant('entrepot'),
    client_secret: fc.constant(reference('CLIENT')),
    login_seconds: fc.integer({ min: 60, max: 86_400 }),
    identity_mappings: fc.dictionary(
      fc.constantFrom('main', 'M-2', '1'),
      fc.record({
        description: text,
        priority: fc.nat(9),
        claims: fc.constantFrom({ sub: 'job' }, { ref: ['a', 'b/*'], '1': 'x' }),
        token_spec: fc.constantFrom({ username: 'user0' }, { scope: 'applied-permissions/groups:readers' }),
      }),
    ),
  },
  { requiredKeys: ['client_id'] },
)

const odd = (name: string) => (name.endsWith('1') ? '__proto__' : name.endsWith('2') ? '12' : name)

const state = fc
  .record({
    locals: names('local-', 3, local),
    remotes: names('remote-', 3, remote),
    virtuals: names('virtual-', 3, fc.record({ members: picks, deploys: fc.boolean(), description: text })),
    groups: names('group', 4, group),
    users: names('user', 4, user),
    targets: names('target', 3, target),
    directories: names('directory', 3, directory),
    providers: names('provider', 2, provider),
    lockPolicy: fc.record({ enabled: fc.boolean(), loginAttempts: fc.integer({ min: 1, max: 1000 }) }),
    passwordPolicy: fc.record({ length: fc.nat(20), digit: fc.constantFrom(0) }),
    anonymousAccess: fc.record({ enabled: fc.boolean() }),
  })
  .map(({ locals, remotes, virtuals, groups, users, targets, directories, providers, ...settings }) => {
    const docker = { packageType: 'docker' }
    const inner = [...locals, ...remotes].map(([key]) => key)
    const groupNames = groups.map(([name]) => odd(name))
    const userNames = users.map(([name]) => name)
    const repositories = Object.fromEntries([
      ...locals.map(([key, one]) => [key, { ...docker, ...one, rclass: 'local' }] as const),
      ...remotes.map(
        ([key, one]) =>
          [key, { ...docker, ...one, rclass: 'remote', url: `https://${key}.example` }] as const,
      ),
      ...virtuals.map(([key, { members, deploys, description }], at) => {
        const known = [...inner, ...virtuals.slice(0, at).map(([name]) => name)]
        const listed = picked(known, members)
        const deployment = deploys ? listed.find((member) => member.startsWith('local-')) : undefined
        const target = { defaultDeploymentRepo: deployment ?? '' }
        return [key, { ...docker, rclass: 'virtual', description, repositories: listed, ...target }] as const
      }),
    ])
    const grants = (all: readonly string[], at: readonly number[], granted: readonly string[]) =>
      entries(picked(all, at).map((name) => [name, granted] as const))
    return {
      repositories,
      // A group that every user joins never administers, in whichever state.
      groups: entries(
        groups.map(([name, { isSpecial, ...one }], at) => [
          odd(name),
          { ...one, [at % 2 === 0 ? 'auto_join' : 'admin_privileges']: isSpecial },
        ]),
      ),
      users: {
        keeper: { kind: 'robot', admin: true },
        ...entries(
          users.map(([name, one], at) => [
            name,
            {
              ...one.fields,
              ...(one.groups === null ? {} : { groups: picked(groupNames, one.groups) }),
              ...(at % 2 === 0
                ? { kind: 'robot' }
                : { password: reference(`${name.toUpperCase()}_PASSWORD`) }),
            },
          ]),
        ),
      },
      permissionTargets: entries(
        targets.map(([name, one]) => [
          name,
          {
            repo: {
              'include-patterns': one.includes,
              repositories: one.isAny ? ['ANY'] : picked(inner, one.repositories),
              actions: {
                users: grants(userNames, one.users, one.action),
                groups: grants(groupNames, one.groups, one.action),
              },
            },
          },
        ]),
      ),
      directories: {
        settings: directories.map(([key, one]) => ({ ...one, key, ldap_urls: [`ldap://${key}.example`] })),
        groups: directories.map(([key]) => ({ name: `of-${key}`, enabled_ldap: key })).toReversed(),
      },
      oidcProviders: entries(
        providers.map(([name, one]) => [name, { ...one, issuer_url: `https://${name}.example` }]),
      ),
      ...settings,
    }
  })

/** `__proto__` is a name like others. */
function entries(pairs: readonly (readonly [string, unknown])[]): object {
  return Object.fromEntries(pairs)
}

describe('every state', () => {
  it('is exported as a document that changes nothing here, and makes the same elsewhere', async () => {
    await fc.assert(
      fc.asyncProperty(state, state, async (first, second) => {
        const here = new ConfigurationInstance()
        await here.apply(first)
        expect((await here.apply(first)).changes).toEqual([])
        await here.apply(second)
        expect((await here.apply(second)).changes).toEqual([])
        const exported = await here.administration.export()
        const yaml = configurationYaml(exported)
        expect(parseYamlObject(yaml)).toEqual(exported)
        expect((await here.diff(parseYamlObject(yaml))).changes).toEqual([])
        const elsewhere = new ConfigurationInstance()
        await elsewhere.apply(parseYamlObject(yaml))
        expect(configurationYaml(await elsewhere.administration.export())).toBe(yaml)
        for (const secret of here.secrets.given) expect(yaml).not.toContain(secret)
      }),
      { numRuns: 40 },
    )
  }, 120_000)
})
