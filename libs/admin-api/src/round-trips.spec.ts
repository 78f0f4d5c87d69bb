import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AdminApiApp } from './testing/admin-api-app.js'
import { ask, type Fields, groupNames, runs, startWithNames, userNames } from './testing/round-trip.js'

/** What was sent is what is shown, by every API that has the thing: how `terraform plan` finds out that nothing changed. */

const flag = fc.boolean()
const text = fc.string({ unit: 'grapheme', maxLength: 30 }).filter((value) => !value.includes('\0'))
const line = text.filter((value) => value.trim() === value && value !== '')
const email = fc.constantFrom('a@registry.example', 'b.c+d@corp.example')
const password = fc.constantFrom('Correct-Horse-7', 'Battery Staple 8')
/** In order: they are sets. */
const someGroups = fc.subarray(groupNames)
const someUsers = fc.subarray(userNames)

const record = <T extends Fields>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record(fields, { requiredKeys: [], noNullPrototype: true })
/** What of `fields` is shown again. */
const without = (fields: Fields, ...names: readonly string[]) =>
  Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)))

let app: AdminApiApp
beforeAll(async () => {
  app = await startWithNames()
})
afterAll(() => app.close())

describe('a user', () => {
  const v1 = '/artifactory/api/security/users/subject'
  const v2 = '/access/api/v2/users/subject'
  const ofV1 = {
    email,
    password,
    admin: flag,
    profileUpdatable: flag,
    disableUIAccess: flag,
    groups: someGroups,
    status: fc.constantFrom('enabled', 'disabled'),
    kind: fc.constant('person'),
  }
  const ofV2 = {
    email,
    password,
    admin: flag,
    profile_updatable: flag,
    disable_ui_access: flag,
    groups: someGroups,
    status: fc.constantFrom('enabled', 'disabled'),
  }

  it('of the security API', async () => {
    const creation = fc.record(ofV1, { requiredKeys: ['email', 'password'], noNullPrototype: true })
    const test = fc.asyncProperty(creation, record(ofV1), async (put, post) => {
      try {
        await ask(app, 'PUT', v1, put)
        const first = await ask(app, 'GET', v1)
        expect(first).toMatchObject(without(put, 'password'))
        await ask(app, 'POST', v1, post)
        const last = await ask(app, 'GET', v1)
        expect(last).toEqual({ ...first, ...without(post, 'password') })
      } finally {
        await app.send('DELETE', v1)
      }
    })
    await fc.assert(test, runs)
  })

  it('of the Access API', async () => {
    const creation = fc.record(ofV2, { requiredKeys: ['email', 'password'], noNullPrototype: true })
    const test = fc.asyncProperty(
      creation,
      record(without(ofV2, 'groups') as typeof ofV2),
      async (post, patch) => {
        try {
          await ask(app, 'POST', '/access/api/v2/users', { username: 'subject', ...post })
          const first = await ask(app, 'GET', v2)
          expect(first).toMatchObject(without(post, 'password'))
          await ask(app, 'PATCH', v2, patch)
          const changed = without(patch, 'password')
          const effective = 'admin' in changed ? { effective_admin: changed['admin'] } : {}
          expect(await ask(app, 'GET', v2)).toEqual({ ...first, ...changed, ...effective })
        } finally {
          await app.send('DELETE', v2)
        }
      },
    )
    await fc.assert(test, runs)
  })

  it('is in the groups that it was added to, and not in those that it was removed from', async () => {
    const change = fc.record({ add: someGroups, remove: someGroups })
    const apart = change.map(({ add, remove }) => ({
      add,
      remove: remove.filter((name) => !add.includes(name)),
    }))
    await ask(app, 'POST', '/access/api/v2/users', {
      username: 'subject',
      email: 'a@b.example',
      password: 'Correct-Horse-7',
    })
    const test = fc.asyncProperty(apart, async ({ add, remove }) => {
      const before = (await ask(app, 'GET', v2))['groups'] as readonly string[]
      await ask(app, 'PATCH', `${v2}/groups`, { add, remove })
      const expected = groupNames.filter(
        (name) => add.includes(name) || (before.includes(name) && !remove.includes(name)),
      )
      expect((await ask(app, 'GET', v2))['groups']).toEqual(expected)
    })
    await fc.assert(test, runs)
    await ask(app, 'DELETE', v2)
  })
})

describe('a group', () => {
  const v1 = '/artifactory/api/security/groups/subject'
  const v2 = '/access/api/v2/groups/subject'
  // A group that everybody joins grants no administration.
  const ofV1 = record({
    description: text,
    autoJoin: flag,
    realmAttributes: line,
    externalId: line,
    userNames: someUsers,
  })
  const ofV2 = record({
    description: line,
    auto_join: flag,
    realm_attributes: line,
    external_id: line,
    members: someUsers,
  })

  it('of the security API', async () => {
    const test = fc.asyncProperty(ofV1, ofV1, async (put, again) => {
      try {
        await ask(app, 'PUT', v1, put)
        const first = await ask(app, 'GET', `${v1}?includeUsers=true`)
        expect(first).toMatchObject(put)
        await ask(app, 'POST', v1, without(again, 'userNames'))
        expect(await ask(app, 'GET', `${v1}?includeUsers=true`)).toEqual({
          ...first,
          ...without(again, 'userNames'),
        })
      } finally {
        await app.send('DELETE', v1)
      }
    })
    await fc.assert(test, runs)
  })

  it('of the Access API', async () => {
    const test = fc.asyncProperty(ofV2, ofV2, async (post, patch) => {
      try {
        await ask(app, 'POST', '/access/api/v2/groups', { name: 'subject', ...post })
        const first = await ask(app, 'GET', v2)
        expect(first).toMatchObject(post)
        await ask(app, 'PATCH', v2, without(patch, 'members'))
        expect(await ask(app, 'GET', v2)).toEqual({ ...first, ...without(patch, 'members') })
      } finally {
        await app.send('DELETE', v2)
      }
    })
    await fc.assert(test, runs)
  })
})

describe('a setting', () => {
  const settings = '/access/api/v1/ldap/settings'
  const search = {
    search_filter: fc.constantFrom('(uid={0})', '(&(objectClass=person)(sAMAccountName={0}))'),
    search_base: fc.constantFrom('', 'ou=people', 'ou=people|ou=robots'),
    search_sub_tree: flag,
    manager_dn: fc.constant('cn=reader,dc=corp,dc=example'),
    manager_password: fc.constant('canary'),
  }
  const directory = {
    enabled: flag,
    ldap_url: fc.constantFrom('ldap://ldap.example/dc=corp', 'ldaps://ldap.example:636/dc=corp'),
    auto_create_user: flag,
    email_attribute: fc.constantFrom('mail', 'userPrincipalName'),
    ldap_poisoning_protection: flag,
    allow_user_to_access_profile: flag,
    paging_support_enabled: flag,
    referrals: fc.constantFrom('follow', 'ignore'),
    page_size: fc.integer({ min: 1, max: 10_000 }),
    connect_timeout_milliseconds: fc.integer({ min: 100, max: 60_000 }),
    read_timeout_milliseconds: fc.integer({ min: 100, max: 120_000 }),
  }

  it('of LDAP, but for its password', async () => {
    const anonymous = { ...search, manager_dn: fc.constant(''), manager_password: fc.constant('') }
    const body = fc.record({ ...directory, search: fc.oneof(fc.record(search), fc.record(anonymous)) })
    const test = fc.asyncProperty(body, body, async (post, put) => {
      try {
        await ask(app, 'POST', settings, { key: 'subject', ...post })
        expect(await ask(app, 'GET', `${settings}/subject`)).toMatchObject(shownOf(post))
        await ask(app, 'PUT', `${settings}/subject`, { key: 'subject', ...put })
        const last = await ask(app, 'GET', `${settings}/subject`)
        expect(last).toMatchObject(shownOf(put))
        expect(JSON.stringify(last)).not.toContain('canary')
      } finally {
        await app.send('DELETE', `${settings}/subject`)
      }
    })
    await fc.assert(test, runs)
  })

  const shownOf = ({ search: given, ...rest }: Fields) => ({
    ...rest,
    search: without(given as Fields, 'manager_password'),
  })

  it('of the groups of LDAP', async () => {
    const groups = '/access/api/v1/ldap/groups'
    await ask(app, 'POST', settings, {
      key: 'corp',
      ldap_url: 'ldap://ldap.example/dc=corp',
      search: { search_filter: '(uid={0})' },
    })
    const body = fc.record({
      enabled_ldap: fc.constant('corp'),
      group_base_dn: fc.constantFrom('', 'ou=groups'),
      group_name_attribute: fc.constantFrom('cn', 'name'),
      group_member_attribute: fc.constantFrom('member', 'uniqueMember'),
      sub_tree: flag,
      force_attribute_search: flag,
      filter: fc.constantFrom('(objectClass=group)', '(objectClass=groupOfNames)'),
      description_attribute: fc.constantFrom('description', 'info'),
      strategy: fc.constantFrom('STATIC', 'DYNAMIC'),
    })
    const test = fc.asyncProperty(body, body, async (post, put) => {
      try {
        await ask(app, 'POST', groups, { name: 'subject', ...post })
        expect(await ask(app, 'GET', `${groups}/subject`)).toMatchObject(post)
        await ask(app, 'PUT', `${groups}/subject`, { name: 'subject', ...put })
        expect(await ask(app, 'GET', `${groups}/subject`)).toMatchObject(put)
      } finally {
        await app.send('DELETE', `${groups}/subject`)
      }
    })
    await fc.assert(test, runs)
    await ask(app, 'DELETE', `${settings}/corp`)
  })

  it('of the lock of users', async () => {
    const policy = '/artifactory/api/security/userLockPolicy'
    const body = fc.record({ enabled: flag, loginAttempts: fc.integer({ min: 1, max: 1000 }) })
    const test = fc.asyncProperty(body, async (put) => {
      await ask(app, 'PUT', policy, put)
      expect(await ask(app, 'GET', policy)).toEqual(put)
    })
    await fc.assert(test, runs)
    await ask(app, 'PUT', policy, { enabled: false, loginAttempts: 5 })
  })
})

describe('an access token', () => {
  it('is shown as it was asked for, without its secret', async () => {
    const tokens = '/access/api/v1/tokens'
    const body = fc.record({
      username: fc.constantFrom(...userNames),
      scope: fc.constantFrom('applied-permissions/user', 'applied-permissions/groups:readers,developers'),
      expires_in: fc.integer({ min: 60, max: 31_536_000 }),
      refreshable: flag,
      include_reference_token: flag,
      description: text,
    })
    const test = fc.asyncProperty(body, async (asked) => {
      const made = await ask(app, 'POST', tokens, asked)
      const id = String(made['token_id'])
      expect(made).toMatchObject({
        expires_in: asked.expires_in,
        scope: asked.scope,
        username: asked.username,
      })
      expect(['refresh_token' in made, 'reference_token' in made]).toEqual([
        asked.refreshable,
        asked.include_reference_token,
      ])
      const shown = await ask(app, 'GET', `${tokens}/${id}`)
      const { description, scope, refreshable } = asked
      expect(shown).toMatchObject({ description, scope, refreshable })
      expect(JSON.stringify(shown)).not.toContain(String(made['access_token']))
      // In whole seconds, both rounded down.
      const lifetime = Number(shown['expiry']) - Number(shown['issued_at'])
      expect([0, 1]).toContain(asked.expires_in - lifetime)
      await ask(app, 'DELETE', `${tokens}/${id}`)
      expect((await app.send('GET', `${tokens}/${id}`)).status).toBe(404)
    })
    await fc.assert(test, runs)
  })
})
