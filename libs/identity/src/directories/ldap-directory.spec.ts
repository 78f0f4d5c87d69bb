import { RegistryError, systemClock } from '@entrepot/kernel'
import {
  companyDirectory,
  companyGroups,
  entryUuid,
  managerPassword,
  requireSlapd,
  Slapd,
  suffix,
  userDn,
} from '@entrepot/identity/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { RecordingDirectoryObserver } from '../testing/recording-directory-observer.js'
import { RecordingLogger } from '../testing/recording-logger.js'
import type { DirectorySettingsFields } from './default-directory-settings.js'
import { BindPasswordCheck } from './bind-password-check.js'
import { serversOf } from './directory-server.js'
import { LdapDirectory, passwordCheckFor } from './ldap-directory.js'
import { PassportPasswordCheck } from './passport-password-check.js'

describe.skipIf(!requireSlapd())('LdapDirectory at a real slapd', () => {
  let slapd: Slapd
  const logger = new RecordingLogger()

  beforeAll(async () => {
    slapd = await Slapd.start({ anonymousReads: true })
  })
  afterAll(() => slapd?.dispose())

  const transports: Readonly<Record<string, () => [url: string, fields: DirectorySettingsFields]>> = {
    'ldap://': () => [slapd.url, {}],
    'ldaps:// with an own authority': () => [slapd.tlsUrl, { caCertificates: slapd.caCertificates }],
    StartTLS: () => [slapd.namedUrl, { startTls: true, caCertificates: slapd.caCertificates }],
    'ldap:// without a manager': () => [
      slapd.url,
      { search: { managerDn: undefined, managerPassword: undefined } },
    ],
    'two search bases': () => [slapd.url, { search: { searchBase: `ou=people|ou=staff,${suffix}` } }],
  }

  const at = (transport: keyof typeof transports, more: DirectorySettingsFields = {}): LdapDirectory => {
    const [url, fields] = transports[transport]?.() ?? ['', {}]
    const search = { ...fields.search, ...more.search }
    return new LdapDirectory(
      companyDirectory([url], { ...fields, ...more, search }),
      [companyGroups()],
      systemClock,
      logger,
      new RecordingDirectoryObserver(),
    )
  }

  describe.each(Object.keys(transports))('over %s', (transport) => {
    it('confirms the right password, with DN, address and groups', async () => {
      expect(await at(transport).verify({ username: 'Alice', password: 'secret1' })).toEqual({
        kind: 'confirmed',
        identity: {
          directory: 'corp',
          username: 'alice',
          dn: userDn('alice'),
          uniqueId: `entryuuid:${entryUuid(userDn('alice'))}`,
          email: 'alice@example.com',
          groups: [
            { name: 'devs', dn: `cn=devs,ou=groups,${suffix}` },
            { name: 'admins', dn: `cn=admins,ou=groups,${suffix}` },
          ],
        },
      })
    })

    it.each([
      ['john(1)*', 'secret3', ['devs']],
      ['jürgen', 'pässwörd', ['devs', 'Größe']],
      ['ju\u0308rgen', 'pässwörd', ['devs', 'Größe']],
      ["a$'b", 'secret4', []],
    ])(
      'confirms %s, whose name has characters with a meaning elsewhere',
      async (username, password, groups) => {
        const verdict = await at(transport).verify({ username, password })
        expect(verdict).toMatchObject({
          kind: 'confirmed',
          identity: { username: username.normalize('NFC') },
        })
        const names =
          verdict.kind === 'confirmed' ? verdict.identity.groups.map(({ name }) => name) : undefined
        expect(names).toEqual(groups)
      },
    )

    it.each(['wrong', 'secret2', 'SECRET1', 'secret1 ', '*', managerPassword])(
      'refuses the password %j for alice',
      async (password) => {
        expect(await at(transport).verify({ username: 'alice', password })).toEqual({
          kind: 'wrong-password',
        })
      },
    )

    it.each([
      '*',
      '*)(uid=*',
      '*)(uid=*))(|(uid=*',
      'alice)(|(objectClass=*',
      'a*',
      "$'",
      '$`',
      '$&',
      "alice$'",
      '\\2a',
      '{{username}}',
      "{{username}}$'",
      '{0}',
      'alice\n',
      ' alice',
      'alice ',
      'ａlice',
      'al\u00adice',
      'алиса',
      '🦀',
      userDn('alice'),
      'x'.repeat(256),
    ])('knows nobody of the name %j', async (username) => {
      expect(await at(transport).verify({ username, password: 'secret1' })).toEqual({ kind: 'unknown' })
      expect(await at(transport).lookUp(username)).toBeUndefined()
    })

    it.each([
      ['an empty password', { username: 'alice', password: '' }],
      ['an empty name', { username: '', password: 'secret1' }],
      ['a NUL in the name', { username: 'alice\0', password: 'secret1' }],
      ['a NUL in the password', { username: 'alice', password: 'secret1\0' }],
      ['a name without end', { username: 'x'.repeat(257), password: 'secret1' }],
      ['a password without end', { username: 'alice', password: 'x'.repeat(1025) }],
      ['half a character', { username: 'alice\ud83e', password: 'secret1' }],
      ['a password that is a number', { username: 'alice', password: 123 as unknown as string }],
      ['a name that is a list', { username: ['alice'] as unknown as string, password: 'secret1' }],
      ['a name that is an object', { username: { a: 1 } as unknown as string, password: 'secret1' }],
    ])('refuses %s without asking the directory', async (_what, credentials) => {
      const before = slapd.log.length
      expect(await at(transport).verify(credentials)).toEqual({ kind: 'wrong-password' })
      expect(slapd.log.slice(before)).not.toMatch(/ACCEPT/)
    })

    it.each(['off', 'expired', 'nslocked', 'ppolicylocked', 'nopassword'])(
      'refuses %s, who is switched off, locked or has no password',
      async (username) => {
        expect(await at(transport).verify({ username, password: 'secret9' })).toEqual({
          kind: 'wrong-password',
        })
      },
    )

    it('looks somebody up without a password', async () => {
      expect(await at(transport).lookUp('alice')).toMatchObject({
        dn: userDn('alice'),
        groups: [{ name: 'devs' }, { name: 'admins' }],
      })
      expect(await at(transport).lookUp('nobody')).toBeUndefined()
    })

    it.each(['off', 'expired', 'nslocked', 'ppolicylocked'])(
      'finds %s no more, who is switched off or locked',
      async (name) => {
        expect(await at(transport).lookUp(name)).toBeUndefined()
      },
    )

    it('leaves no connection open after a hundred logins at once, all with the right outcome', async () => {
      const directory = at(transport)
      const verdicts = await Promise.all(
        Array.from({ length: 100 }, (_, index) =>
          directory.verify(
            index % 2 === 0
              ? { username: 'alice', password: index % 4 === 0 ? 'secret1' : 'wrong' }
              : { username: 'bob', password: 'secret2' },
          ),
        ),
      )
      for (const [index, verdict] of verdicts.entries()) {
        if (index % 4 === 2) expect(verdict.kind).toBe('wrong-password')
        else expect(verdict).toMatchObject({ identity: { username: index % 2 === 0 ? 'alice' : 'bob' } })
      }
      await expect.poll(() => slapd.openConnections, { timeout: 5000 }).toBe(0)
    })
  })

  it('leaves it to the server when a lock after failed logins is over', async () => {
    const [directory, hasty] = [at('ldap://'), { username: 'hasty', password: 'secret9' }]
    expect(await directory.verify(hasty)).toMatchObject({ kind: 'confirmed' })
    for (const password of ['wrong', 'wrong again'])
      expect(await directory.verify({ ...hasty, password })).toEqual({ kind: 'wrong-password' })
    expect(await directory.verify(hasty)).toEqual({ kind: 'wrong-password' })
    expect(await directory.lookUp('hasty')).toBeUndefined()
    await expect.poll(() => directory.verify(hasty), { timeout: 5000 }).toMatchObject({ kind: 'confirmed' })
    expect(await directory.lookUp('hasty')).toMatchObject({ username: 'hasty' })
  })

  it('refuses a name that two entries have, says so in the log, and asks for neither password', async () => {
    const before = slapd.log.length
    const directory = at('ldap://', { search: { searchBase: 'ou=people|ou=contractors' } })
    expect(await directory.verify({ username: 'twin', password: 'secret5' })).toEqual({
      kind: 'wrong-password',
    })
    expect(await directory.lookUp('twin')).toBeUndefined()
    const wide = at('ldap://', { search: { searchBase: '' } })
    expect(await wide.verify({ username: 'twin', password: 'secret5' })).toEqual({ kind: 'wrong-password' })
    expect(slapd.log.slice(before)).not.toMatch(/BIND dn="uid=twin/)
    const line = logger.lines.find(({ message }) => message.includes('several entries for one name'))
    expect(line).toMatchObject({
      directory: 'corp',
      username: 'twin',
      entries: [`uid=twin,ou=people,${suffix}`, `uid=twin,ou=contractors,${suffix}`],
    })
  })

  it('tells who got the DN of somebody gone from that somebody, and knows who was moved', async () => {
    const add = (dn: string) =>
      `dn: ${dn}\nchangetype: add\nobjectClass: inetOrgPerson\nuid: dora\ncn: dora\nsn: dora\nuserPassword: secret0\n`
    const dn = `uid=dora,ou=people,${suffix}`
    const directory = at('ldap://')
    const dora = { username: 'dora', password: 'secret0' }
    await slapd.change(add(dn))
    const first = await directory.lookUp('dora')
    expect(first).toMatchObject({
      dn,
      uniqueId: expect.stringMatching(/^entryuuid:[0-9a-f-]{36}$/) as string,
    })
    await slapd.change(`dn: ${dn}\nchangetype: moddn\nnewrdn: cn=dora\ndeleteoldrdn: 0\n`)
    const moved = await directory.lookUp('dora')
    expect(moved).toMatchObject({ dn: `cn=dora,ou=people,${suffix}`, uniqueId: first?.uniqueId })
    await slapd.change(`dn: cn=dora,ou=people,${suffix}\nchangetype: delete\n\n${add(dn)}`)
    const verdict = await directory.verify(dora)
    expect(verdict).toMatchObject({ kind: 'confirmed', identity: { dn } })
    expect(verdict.kind === 'confirmed' && verdict.identity.uniqueId).toMatch(/^entryuuid:/)
    expect(verdict.kind === 'confirmed' && verdict.identity.uniqueId).not.toBe(first?.uniqueId)
    await slapd.change(`dn: ${dn}\nchangetype: delete\n`)
  })

  it('tells when a password was changed, once the server knows', async () => {
    const contractors = at('ldap://', { search: { searchBase: 'ou=contractors' } })
    expect((await contractors.lookUp('carl'))?.passwordChangedAt).toBeUndefined()
    const started = Math.floor(Date.now() / 1000) * 1000
    await slapd.change(
      `dn: ${userDn('carl')}\nchangetype: modify\nreplace: userPassword\nuserPassword: secret66\n`,
    )
    const changedAt = (await contractors.lookUp('carl'))?.passwordChangedAt?.getTime() ?? 0
    expect(changedAt).toBeGreaterThanOrEqual(started)
    expect(changedAt).toBeLessThanOrEqual(Date.now())
    const verdict = await contractors.verify({ username: 'carl', password: 'secret66' })
    expect(verdict).toMatchObject({ identity: { passwordChangedAt: new Date(changedAt) } })
    await slapd.change(
      `dn: ${userDn('carl')}\nchangetype: modify\nreplace: userPassword\nuserPassword: secret6\n`,
    )
  })

  it('searches below the base, or only directly under it', async () => {
    const deep = at('ldap://', { search: { searchBase: 'ou=staff' } })
    expect(await deep.verify({ username: 'hans', password: 'secret7' })).toMatchObject({ kind: 'confirmed' })
    const flat = at('ldap://', { search: { searchBase: 'ou=staff', searchSubTree: false } })
    expect(await flat.verify({ username: 'hans', password: 'secret7' })).toEqual({ kind: 'unknown' })
  })

  describe('with the names of Active Directory', () => {
    it.each([
      ['(sAMAccountName={0})', 'ann'],
      ['(&(objectClass=adUser)(userPrincipalName={0}))', 'ann@corp.example'],
      ['(userPrincipalName={0}@corp.example)', 'ann'],
      ['(|(sAMAccountName={0})(userPrincipalName={0}))', 'ANN@corp.example'],
    ])('finds by %s', async (searchFilter, username) => {
      const directory = at('ldap://', { search: { searchFilter } })
      expect(await directory.verify({ username, password: 'secret8' })).toMatchObject({
        kind: 'confirmed',
        identity: { username: username.toLowerCase(), dn: userDn('ann'), groups: [{ name: 'devs' }] },
      })
      expect(await directory.verify({ username: 'off', password: 'secret9' })).not.toMatchObject({
        kind: 'confirmed',
      })
    })
  })

  describe('that binds directly', () => {
    const anonymous = { managerDn: undefined, managerPassword: undefined }
    const direct = (more: DirectorySettingsFields = {}) =>
      at('ldap://', {
        userDnPattern: 'uid={0},ou=people',
        ...more,
        search: { searchFilter: '', ...more.search },
      })

    it('confirms with a manager and without', async () => {
      for (const search of [{}, anonymous]) {
        const directory = direct({ search })
        expect(await directory.verify({ username: 'alice', password: 'secret1' })).toMatchObject({
          kind: 'confirmed',
          identity: {
            dn: userDn('alice'),
            email: 'alice@example.com',
            groups: [{ name: 'devs' }, { name: 'admins' }],
          },
        })
        expect(await directory.verify({ username: 'alice', password: 'wrong' })).toEqual({
          kind: 'wrong-password',
        })
        expect(await directory.verify({ username: 'nobody', password: 'wrong' })).toEqual({
          kind: search === anonymous ? 'wrong-password' : 'unknown',
        })
        expect(await directory.verify({ username: 'off', password: 'secret9' })).toEqual({
          kind: 'wrong-password',
        })
      }
    })

    it.each(['alice,ou=people', ' alice', 'alice ', 'ａlice', '*', 'alice+cn=x', '#alice', "$'"])(
      'refuses the name %j, which would be another DN or another spelling of one',
      async (username) => {
        const { kind } = await direct().verify({ username, password: 'secret1' })
        expect(['unknown', 'wrong-password']).toContain(kind)
        expect(await direct().lookUp(username)).toBeUndefined()
      },
    )

    it('looks up with a manager, and says that it can not without one', async () => {
      expect(await direct().lookUp('alice')).toMatchObject({ username: 'alice', groups: [{}, {}] })
      expect(await direct().lookUp('nobody')).toBeUndefined()
      const failure = direct({ search: anonymous }).lookUp('alice')
      await expect(failure).rejects.toMatchObject({ code: 'UNAVAILABLE' })
      await expect(failure).rejects.toThrow(/managerDn/)
    })
  })

  it.each([
    [
      'a manager whose password is wrong',
      { search: { managerPassword: 'canary-wrong-5d1e' } },
      'manager bind',
    ],
    ['a search base that is not there', { search: { searchBase: 'ou=nowhere' } }, 'search'],
  ])(
    'takes %s for a directory that can not be asked, never for a wrong password',
    async (_what, fields, step) => {
      const directory = at('ldap://', fields)
      const failure = await directory
        .verify({ username: 'alice', password: 'secret1' })
        .catch((error: unknown) => error)
      expect(failure).toBeInstanceOf(RegistryError)
      expect(failure).toMatchObject({ code: 'UNAVAILABLE', retryAfterSeconds: 10 })
      await expect(directory.lookUp('alice')).rejects.toMatchObject({ code: 'UNAVAILABLE' })
      expect(logger.lines.at(-1)).toMatchObject({ level: 'warn', directory: 'corp', url: slapd.url, step })
    },
  )

  it('has said no password in any line of the log', () => {
    for (const secret of [managerPassword, 'canary-wrong-5d1e', 'secret1', 'pässwörd'])
      expect(logger.text).not.toContain(secret)
  })
})

describe('a password', () => {
  it.each([
    ['ldap://127.0.0.1', false, PassportPasswordCheck],
    ['ldaps://directory.example', false, PassportPasswordCheck],
    ['ldap://directory.example', true, BindPasswordCheck],
    ['ldap://[::1]', false, BindPasswordCheck],
    ['ldaps://[2001:db8::1]:6636', false, BindPasswordCheck],
  ])('is checked at %s (StartTLS: %s) by the client that can do it safely', (url, startTls, check) => {
    const servers = serversOf(companyDirectory([url], { startTls }))
    expect(servers.map((server) => passwordCheckFor(server))).toEqual([expect.any(check)])
  })
})
