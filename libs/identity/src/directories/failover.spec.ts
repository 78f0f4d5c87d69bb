import { systemClock } from '@entrepot/kernel'
import {
  companyDirectory,
  FakeLdapServer,
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
import type { DirectorySettingsFields } from './default-directory-settings.js'
import { LdapDirectory } from './ldap-directory.js'

const alice = { username: 'alice', password: 'secret1' }

describe.skipIf(!requireSlapd())('a directory with two servers', () => {
  let first: Slapd
  let second: Slapd
  beforeAll(async () => {
    ;[first, second] = await Promise.all([Slapd.start({ tls: false }), Slapd.start({ tls: false })])
  })
  afterAll(async () => {
    await Promise.all([first?.dispose(), second?.dispose()])
  })

  const over = (urls: readonly string[], fields: DirectorySettingsFields = {}) => {
    const [logger, observer] = [new RecordingLogger(), new RecordingDirectoryObserver()]
    const settings = companyDirectory(urls, fields)
    return { logger, observer, directory: new LdapDirectory(settings, [], systemClock, logger, observer) }
  }
  const timed = async (directory: LdapDirectory): Promise<number> => {
    const begin = performance.now()
    expect(await directory.verify(alice)).toMatchObject({ kind: 'confirmed' })
    return performance.now() - begin
  }

  it('asks the second when the first is killed in the middle of logins, and none of them fails', async () => {
    const { directory, logger } = over([first.url, second.url])
    const logins = Array.from({ length: 40 }, async (_, index) => {
      await new Promise((resolve) => setTimeout(resolve, index * 10))
      return directory.verify(alice)
    })
    setTimeout(() => void first.kill(), 150)
    for (const verdict of await Promise.all(logins)) expect(verdict).toMatchObject({ kind: 'confirmed' })
    expect(logger.lines.length).toBeGreaterThan(0)
    for (const line of logger.lines) expect(line).toMatchObject({ directory: 'corp', url: first.url })
    expect(await directory.verify({ ...alice, password: 'wrong' })).toEqual({ kind: 'wrong-password' })
    await first.launch()
  })

  it('loses the time of a silent first server at one login, not at each', async () => {
    const silent = await TcpListener.start(() => undefined)
    const { directory, observer } = over([`ldap://127.0.0.1:${silent.port}/${suffix}`, second.url])
    expect(await timed(directory)).toBeGreaterThan(900)
    for (let login = 0; login < 5; login += 1) expect(await timed(directory)).toBeLessThan(500)
    expect(silent.accepted).toBe(1)
    const answered = Array.from({ length: 6 }, () => `corp ${new URL(second.url).host} up`)
    expect(observer.servers).toEqual([`corp 127.0.0.1:${silent.port} down`, ...answered])
    expect(observer.questions).toEqual(Array.from({ length: 6 }, () => 'corp answered'))
    await silent.stop()
  })

  it('does not ask the second whether a password that the first has refused is right after all', async () => {
    const { directory } = over([first.url, second.url])
    const before = second.log.length
    expect(await directory.verify({ ...alice, password: 'wrong' })).toEqual({ kind: 'wrong-password' })
    expect(await directory.verify({ ...alice, username: 'nobody' })).toEqual({ kind: 'unknown' })
    expect(second.log.slice(before)).not.toContain('ACCEPT')
  })

  it('names each server in the log, and can not be asked, when both are down', async () => {
    await Promise.all([first.kill(), second.kill()])
    const { directory, logger, observer } = over([first.url, second.url])
    await expect(directory.verify(alice)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      retryAfterSeconds: 10,
    })
    expect(logger.lines.map(({ directory: key, url }) => [key, url])).toEqual([
      ['corp', first.url],
      ['corp', second.url],
    ])
    const [one, two] = [first, second].map(({ url }) => new URL(url).host)
    expect(observer.servers).toEqual([`corp ${one} down`, `corp ${two} down`])
    expect(observer.questions).toEqual(['corp failed'])
    await Promise.all([first.launch(), second.launch()])
  })

  describe('that refers to another', () => {
    const referring = async (reference: string) => {
      const server = await FakeLdapServer.start((request) =>
        request.kind === 'search' && request.filter === '(uid=alice)' ? { references: [reference] } : {},
      )
      return { server, url: `ldap://127.0.0.1:${server.port}/${suffix}` }
    }
    const authority = () => new URL(second.url).host

    it('goes there when it is configured too, and checks the password there', async () => {
      const { server, url } = await referring(`ldap://${authority()}/ou=people,${suffix}??sub`)
      const { directory } = over([url, second.url])
      expect(await directory.verify(alice)).toMatchObject({
        kind: 'confirmed',
        identity: { dn: userDn('alice') },
      })
      expect(await directory.verify({ ...alice, password: 'wrong' })).toEqual({ kind: 'wrong-password' })
      const ignoring = over([url, second.url], { referrals: 'ignore' }).directory
      expect(await ignoring.verify(alice)).toEqual({ kind: 'unknown' })
      await server.stop()
    })

    it('sends neither a password nor a byte to a host that is not configured', async () => {
      const stranger = await TcpListener.start(() => undefined)
      const { server, url } = await referring(`ldap://127.0.0.1:${stranger.port}/ou=people,${suffix}??sub`)
      expect(await over([url]).directory.verify(alice)).toEqual({ kind: 'unknown' })
      expect(stranger.accepted).toBe(0)
      expect(server.requests.filter(({ kind }) => kind === 'bind')).toEqual([
        { kind: 'bind', dn: `cn=manager,${suffix}`, password: managerPassword },
      ])
      await Promise.all([stranger.stop(), server.stop()])
    })

    it('does not go to a configured host by a lesser protocol', async () => {
      const { server, url } = await referring(`ldaps://${authority()}/ou=people,${suffix}??sub`)
      expect(await over([url, second.url]).directory.verify(alice)).toEqual({ kind: 'unknown' })
      await server.stop()
    })
  })
})
