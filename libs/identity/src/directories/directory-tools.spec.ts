import { MemoryBroadcast } from '@entrepot/coordination/testing'
import { systemClock } from '@entrepot/kernel'
import {
  companyDirectory,
  companyGroups,
  InMemoryGroupStore,
  InMemoryOrderedSettingsStore,
  managerDn,
  managerPassword,
  requireSlapd,
  Slapd,
  suffix,
  TcpListener,
  userDn,
} from '@entrepot/identity/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { RecordingDirectoryObserver } from '../testing/recording-directory-observer.js'
import { RecordingLogger } from '../testing/recording-logger.js'
import { ConfiguredDirectories } from './configured-directories.js'
import type { DirectorySettingsFields } from './default-directory-settings.js'
import { GroupImporter } from './import-groups.js'
import { type DirectoryTestUser, testDirectory } from './test-directory.js'

const bulk = 10_000

describe.skipIf(!requireSlapd())('at a slapd with 10,000 users and 10,000 groups', () => {
  let slapd: Slapd
  beforeAll(async () => {
    slapd = await Slapd.start({ bulk })
  })
  afterAll(() => slapd?.dispose())

  const tried = async (fields: DirectorySettingsFields, user: DirectoryTestUser = {}, urls = [slapd.url]) => {
    const { steps, succeeded } = await testDirectory(companyDirectory(urls, fields), [companyGroups()], user)
    for (const secret of [managerPassword, 'secret1', 'canary-wrong'])
      expect(JSON.stringify(steps)).not.toContain(secret)
    return { steps, succeeded, outcomes: steps.map(({ step, outcome }) => `${step} ${outcome}`) }
  }
  const all = (...outcomes: string[]) =>
    ['connect', 'tls', 'manager bind', 'search', 'user bind', 'groups'].map(
      (step, index) => `${step} ${outcomes[index]}`,
    )
  const withoutManager = { managerDn: undefined, managerPassword: undefined }
  const alice = { username: 'alice', password: 'secret1' }

  describe('a test of settings', () => {
    it('says at each step what was found', async () => {
      const { steps, succeeded, outcomes } = await tried({}, alice)
      expect(outcomes).toEqual(all('ok', 'skipped', 'ok', 'ok', 'ok', 'ok'))
      expect(succeeded).toBe(true)
      expect(steps[2]?.message).toBe(`logged in as ${managerDn}`)
      expect(steps[3]?.found).toEqual({ dn: userDn('alice'), email: 'alice@example.com' })
      expect(steps[5]?.found).toEqual({ groups: ['devs', 'admins'] })
    })

    it('counts groups when no user is given', async () => {
      const { steps, outcomes } = await tried({})
      expect(outcomes).toEqual(all('ok', 'skipped', 'ok', 'ok', 'skipped', 'ok'))
      expect(steps[5]?.found).toEqual({ counts: { 'corp-groups': 7 } })
    })

    it.each<
      [string, () => [DirectorySettingsFields, (string[] | undefined)?, DirectoryTestUser?], string[], RegExp]
    >([
      [
        'TLS from the start',
        () => [{ caCertificates: slapd.caCertificates }, [slapd.tlsUrl]],
        ['ok', 'ok', 'ok', 'ok', 'ok', 'ok'],
        /./,
      ],
      [
        'StartTLS',
        () => [{ startTls: true, caCertificates: slapd.caCertificates }, [slapd.namedUrl]],
        ['ok', 'ok', 'ok', 'ok', 'ok', 'ok'],
        /./,
      ],
      [
        'an untrusted authority',
        () => [{}, [slapd.tlsUrl]],
        ['ok', 'failed', 'skipped', 'skipped', 'skipped', 'skipped'],
        /caCertificates/,
      ],
      [
        'a certificate of another host',
        () => [{ caCertificates: slapd.caCertificates }, [slapd.tlsUrl.replace('localhost', '127.0.0.1')]],
        ['ok', 'failed', 'skipped', 'skipped', 'skipped', 'skipped'],
        /host name/,
      ],
      [
        'a server that is down',
        () => [{}, ['ldap://127.0.0.1:1/dc=x']],
        ['failed', 'skipped', 'skipped', 'skipped', 'skipped', 'skipped'],
        /refuses connections; check host, port/,
      ],
      [
        'a wrong manager password',
        () => [{ search: { managerPassword: 'canary-wrong' } }],
        ['ok', 'skipped', 'failed', 'skipped', 'skipped', 'skipped'],
        /answers result 49 \(InvalidCredentials\); check manager_dn and manager_password/,
      ],
      [
        'a manager that is named as if the base DN were added',
        () => [{ search: { managerDn: 'cn=manager' } }],
        ['ok', 'skipped', 'failed', 'skipped', 'skipped', 'skipped'],
        /check manager_dn and manager_password: manager_dn is sent as it is, "cn=manager"/,
      ],
      [
        'a search base that is not there',
        () => [{ search: { searchBase: 'ou=nowhere' } }],
        ['ok', 'skipped', 'ok', 'failed', 'skipped', 'skipped'],
        /"ou=nowhere,dc=example,dc=com" is not there/,
      ],
      [
        'a user who is not there',
        () => [{}, undefined, { username: 'nobody', password: 'x' }],
        ['ok', 'skipped', 'ok', 'failed', 'skipped', 'skipped'],
        /no entry for "nobody"/,
      ],
      [
        'a name that the server takes for another',
        () => [{}, undefined, { username: 'ａlice', password: 'x' }],
        ['ok', 'skipped', 'ok', 'failed', 'skipped', 'skipped'],
        /takes "ａlice" for uid=alice,.*write it as it is there/,
      ],
      [
        'a user who is there twice',
        () => [{ search: { searchBase: '' } }, undefined, { username: 'twin', password: 'x' }],
        ['ok', 'skipped', 'ok', 'failed', 'skipped', 'skipped'],
        /several entries for "twin"/,
      ],
      [
        'a user who is switched off',
        () => [{}, undefined, { username: 'off', password: 'x' }],
        ['ok', 'skipped', 'ok', 'failed', 'skipped', 'skipped'],
        /disabled, locked or expired/,
      ],
      [
        'a wrong password',
        () => [{}, undefined, { username: 'alice', password: 'canary-wrong' }],
        ['ok', 'skipped', 'ok', 'ok', 'failed', 'skipped'],
        /does not take this password for uid=alice/,
      ],
      [
        'an empty password',
        () => [{}, undefined, { username: 'alice', password: '' }],
        ['ok', 'skipped', 'ok', 'ok', 'failed', 'skipped'],
        /password is empty/,
      ],
      [
        'a direct bind',
        () => [{ userDnPattern: 'uid={0},ou=people' }],
        ['ok', 'skipped', 'ok', 'ok', 'ok', 'ok'],
        /./,
      ],
      [
        'a direct bind without a manager, where nobody but users may read',
        () => [{ userDnPattern: 'uid={0},ou=people', search: withoutManager }],
        ['ok', 'skipped', 'skipped', 'skipped', 'ok', 'ok'],
        /./,
      ],
      [
        'a wrong password of a direct bind',
        () => [
          { userDnPattern: 'uid={0},ou=people', search: withoutManager },
          undefined,
          { username: 'alice', password: 'canary-wrong' },
        ],
        ['ok', 'skipped', 'skipped', 'skipped', 'failed', 'skipped'],
        /does not take this password for uid=alice/,
      ],
      [
        'a direct bind without a manager, as a user who may not read the own entry',
        () => [
          { userDnPattern: 'uid={0},ou=blind', search: withoutManager },
          undefined,
          { username: 'blind', password: 'secret1' },
        ],
        ['ok', 'skipped', 'skipped', 'skipped', 'failed', 'skipped'],
        /the password is right, but uid=blind,.* may not read itself/,
      ],
    ])('tells with %s which step failed and what to change', async (_what, given, outcomes, message) => {
      const [fields, urls, user] = given()
      const result = await tried(fields, user ?? alice, urls)
      expect(result.outcomes).toEqual(all(...outcomes))
      expect(result.succeeded).toBe(!outcomes.includes('failed'))
      expect((result.steps.find(({ outcome }) => outcome === 'failed') ?? result.steps[0])?.message).toMatch(
        message,
      )
    })

    it('tells groups that can not be read from none', async () => {
      const groups = [companyGroups({ groupBaseDn: 'ou=nowhere' })]
      const { steps } = await testDirectory(companyDirectory([slapd.url]), groups, alice)
      expect(steps.at(-1)).toMatchObject({
        step: 'groups',
        outcome: 'failed',
        message: expect.stringContaining('check groupBaseDn'),
      })
    })

    it('tries every server', async () => {
      const silent = await TcpListener.start(() => undefined)
      const { steps, succeeded } = await tried({}, alice, [
        slapd.url,
        `ldap://127.0.0.1:${silent.port}/${suffix}`,
      ])
      expect(succeeded).toBe(false)
      expect(steps.filter(({ outcome }) => outcome === 'failed')).toMatchObject([
        {
          url: `ldap://127.0.0.1:${silent.port}/${suffix}`,
          step: 'manager bind',
          message: expect.stringMatching(/timed out/),
        },
      ])
      await silent.stop()
    })

    it('refuses settings that can not work without asking anybody', async () => {
      await expect(tried({ search: { managerPassword: '' } })).rejects.toMatchObject({
        code: 'REQUEST_INVALID',
      })
    })
  })

  describe('the import of groups', () => {
    const make = async (fields: DirectorySettingsFields = {}) => {
      const stores = {
        directories: new InMemoryOrderedSettingsStore<never>(),
        groups: new InMemoryOrderedSettingsStore<never>(),
      }
      const directories = new ConfiguredDirectories(
        stores,
        new MemoryBroadcast(),
        systemClock,
        new RecordingLogger(),
        new RecordingDirectoryObserver(),
      )
      await directories.start()
      await directories.create(companyDirectory([slapd.url], { readTimeoutMilliseconds: 20_000, ...fields }))
      await directories.createGroupSettings(companyGroups())
      await directories.createGroupSettings(companyGroups({ name: 'bulk', groupBaseDn: 'ou=bulk' }))
      await directories.createGroupSettings(companyGroups({ name: 'off', enabledLdap: '' }))
      directories.stop()
      const groups = new InMemoryGroupStore()
      return { directories, groups, importer: new GroupImporter(directories, groups) }
    }

    it('lists all 10,000, page by page', async () => {
      const { directories, importer } = await make()
      const settings = directories.groupSettings().find(({ name }) => name === 'bulk')
      if (settings === undefined) throw new Error('the settings are gone')
      const found = await importer.list(settings)
      expect(found).toHaveLength(bulk)
      expect(new Set(found.map(({ name }) => name)).size).toBe(bulk)
    })

    it('is no part of a list when the server cuts it and paging is off', async () => {
      const { importer } = await make({ pagingSupport: false })
      await expect(importer.import('bulk', 'IMPORT')).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    })

    it('makes groups, changes groups, or both, and leaves those of this registry alone', async () => {
      const { groups, importer } = await make()
      const plain = {
        description: 'ours',
        autoJoin: false,
        adminPrivileges: true,
        realmAttributes: undefined,
        externalId: undefined,
      }
      await groups.create({ name: 'admins', realm: 'internal', ...plain })
      await groups.create({ name: 'devs', realm: 'ldap', ...plain })

      expect(await importer.import('corp-groups', 'UPDATE')).toEqual({
        found: 7,
        created: [],
        updated: ['devs'],
        taken: ['admins'],
      })
      expect(await groups.find('devs')).toMatchObject({
        description: 'the devs',
        adminPrivileges: true,
        externalId: `cn=devs,ou=groups,${suffix}`,
        realmAttributes: `ldapGroupName=devs;groupsStrategy=STATIC;groupDn=cn=devs,ou=groups,${suffix}`,
      })
      expect(await importer.import('corp-groups', 'IMPORT', ['devs', 'staff'])).toMatchObject({
        created: ['staff'],
        updated: [],
      })
      const both = await importer.import('corp-groups', 'UPDATE_AND_IMPORT')
      expect(both.updated.toSorted()).toEqual(['devs', 'staff'])
      expect(both.created.toSorted()).toEqual(['Größe', 'engineering', 'loop-a', 'loop-b'])
      expect(await groups.find('admins')).toMatchObject({
        realm: 'internal',
        description: 'ours',
        externalId: undefined,
      })
      expect(await groups.find('staff')).toMatchObject({
        realm: 'ldap',
        adminPrivileges: false,
        autoJoin: false,
      })
    })

    it('says what is missing', async () => {
      const { importer } = await make()
      await expect(importer.import('nothing', 'IMPORT')).rejects.toMatchObject({ code: 'NAME_UNKNOWN' })
      await expect(importer.import('off', 'IMPORT')).rejects.toMatchObject({ code: 'REQUEST_INVALID' })
    })
  })
})
