import { isRegistryError, systemClock } from '@entrepot/kernel'
import {
  companyDirectory,
  managerPassword,
  relayTo,
  requireSlapd,
  Slapd,
  suffix,
  TcpListener,
} from '@entrepot/identity/testing'
import { connect as connectPlain, type Socket } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { RecordingDirectoryObserver } from '../testing/recording-directory-observer.js'
import { RecordingLogger } from '../testing/recording-logger.js'
import type { DirectorySettingsFields } from './default-directory-settings.js'
import type { DirectoryServer } from './directory-server.js'
import { LdapDirectory } from './ldap-directory.js'
import { PassportPasswordCheck } from './passport-password-check.js'

const secrets = [managerPassword, 'secret1']
const alice = { username: 'alice', password: 'secret1' }
const limits = { connectTimeoutMilliseconds: 300, readTimeoutMilliseconds: 300 }

const uncaught: unknown[] = []
const keep = (error: unknown): void => void uncaught.push(error)
const opened: { stop(): Promise<void> }[] = []
const logger = new RecordingLogger()

beforeAll(() => {
  process.on('uncaughtException', keep).on('unhandledRejection', keep)
})
afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.stop()))
  for (const secret of secrets) expect(logger.text).not.toContain(secret)
  expect(uncaught).toEqual([])
})
afterAll(() => {
  process.off('uncaughtException', keep).off('unhandledRejection', keep)
})

async function listening(onConnection: (socket: Socket) => void): Promise<TcpListener> {
  const listener = await TcpListener.start(onConnection)
  opened.push(listener)
  return listener
}

function directoryAt(url: string, fields: DirectorySettingsFields = {}): LdapDirectory {
  return new LdapDirectory(
    companyDirectory([url], { ...limits, ...fields }),
    [],
    systemClock,
    logger,
    new RecordingDirectoryObserver(),
  )
}

/** @returns the milliseconds that it took to say "can't be asked" */
async function unavailable(directory: LdapDirectory): Promise<number> {
  const begin = performance.now()
  await expect(directory.verify(alice)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  await expect(directory.lookUp('alice')).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  return (performance.now() - begin) / 2
}

const garbage = Buffer.from('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n')
const behaviours: Readonly<Record<string, (socket: Socket) => void>> = {
  'is silent': () => undefined,
  'resets the connection at once': (socket) => socket.resetAndDestroy(),
  'ends the connection at once': (socket) => socket.end(),
  'resets at the first message': (socket) => socket.once('data', () => socket.resetAndDestroy()),
  'ends at the first message': (socket) => socket.once('data', () => socket.end()),
  'speaks another protocol': (socket) => socket.once('data', () => socket.write(garbage)),
  'greets in another protocol': (socket) => socket.write('220 mail.example ESMTP\r\n'),
  'answers with zeros': (socket) => socket.once('data', () => socket.write(Buffer.alloc(64))),
  'announces a message of 2 GiB': (socket) =>
    socket.once('data', () => socket.write(Buffer.from([0x30, 0x84, 0x7f, 0xff, 0xff, 0xff, 2, 1, 1]))),
  'breaks off within a message': (socket) =>
    socket.once('data', () => socket.end(Buffer.from([0x30, 0x0c, 0x02, 0x01]))),
}

describe('a directory whose server', () => {
  it('is silent gets a bounded number of connections, and the rest of a crowd hears so at once', async () => {
    const server = await listening(() => undefined)
    const directory = directoryAt(`ldap://127.0.0.1:${server.port}`)
    const crowd = Array.from({ length: 300 }, (_, number) =>
      directory.verify({ username: `user-${number}`, password: 'x' }).catch((error: unknown) => error),
    )
    await expect(Promise.race(crowd)).resolves.toMatchObject({ code: 'TOO_MANY_REQUESTS' })
    await expect(directory.lookUp('alice')).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    expect(server.connections.size).toBeLessThanOrEqual(51)
    await server.stop()
    opened.splice(opened.indexOf(server), 1)
    const failures = await Promise.all(crowd)
    expect(failures.filter((failure) => isRegistryError(failure, 'UNAVAILABLE'))).toHaveLength(250)
    expect(failures.filter((failure) => isRegistryError(failure, 'TOO_MANY_REQUESTS'))).toHaveLength(50)
  })

  describe.each(Object.keys(behaviours))('%s', (behaviour) => {
    it.each([
      ['ldap', {}],
      ['ldaps', {}],
      ['ldap', { startTls: true }],
    ])(
      'can not be asked over %s %j, within the time limits, and nothing stays open',
      async (scheme, fields) => {
        const listener = await listening(behaviours[behaviour] ?? (() => undefined))
        const took = await unavailable(
          directoryAt(`${scheme}://127.0.0.1:${listener.port}/${suffix}`, fields),
        )
        expect(took).toBeLessThan(1000)
        await expect.poll(() => listener.connections.size, { timeout: 2000 }).toBe(0)
        expect(logger.lines.at(-1)).toMatchObject({
          directory: 'corp',
          url: expect.stringContaining(`:${listener.port}/`),
        })
        if (scheme === 'ldaps' || 'startTls' in fields)
          for (const secret of secrets) expect(listener.received.includes(secret)).toBe(false)
      },
    )
  })

  it('is down can not be asked, and that is said at once', async () => {
    const listener = await TcpListener.start(() => undefined)
    const { port } = listener
    await listener.stop()
    expect(await unavailable(directoryAt(`ldap://127.0.0.1:${port}/${suffix}`))).toBeLessThan(200)
    expect(logger.lines.at(-1)).toMatchObject({
      step: 'connect',
      reason: `127.0.0.1:${port} refuses connections`,
    })
  })

  it('has no address can not be asked', async () => {
    await unavailable(directoryAt(`ldap://directory.invalid/${suffix}`, { connectTimeoutMilliseconds: 2000 }))
    expect(logger.lines.at(-1)).toMatchObject({ step: 'connect' })
  })
})

/** The check itself, whose library would otherwise meet only servers that have just answered the other one. */
describe('passport-ldapauth in its wrapper, at a server that', () => {
  const question = (port: number, security: DirectoryServer['security']) => ({
    server: {
      url: '',
      host: '127.0.0.1',
      port,
      baseDn: suffix,
      security,
      tls: { rejectUnauthorized: true },
      ...limits,
    },
    manager: { dn: 'cn=manager', password: managerPassword },
    dn: `uid=alice,ou=people,${suffix}`,
    credentials: alice,
  })

  it.each(Object.keys(behaviours).flatMap((one) => [[one, 'none'] as const, [one, 'tls'] as const]))(
    '%s (TLS: %s) fails within the time limits, and nothing stays open',
    async (behaviour, security) => {
      const listener = await listening(behaviours[behaviour] ?? (() => undefined))
      const begin = performance.now()
      const check = new PassportPasswordCheck().isRight(question(listener.port, security))
      await expect(check).rejects.toMatchObject({ name: 'LdapFailure' })
      expect(performance.now() - begin).toBeLessThan(1600)
      await expect.poll(() => listener.connections.size, { timeout: 2000 }).toBe(0)
    },
  )

  it('is down fails at once', async () => {
    const listener = await TcpListener.start(() => undefined)
    const { port } = listener
    await listener.stop()
    await expect(new PassportPasswordCheck().isRight(question(port, 'none'))).rejects.toThrow(
      /refuses connections/,
    )
    await expect(new PassportPasswordCheck().isRight(question(port, 'tls'))).rejects.toThrow(
      /refuses connections/,
    )
  })
})

describe.skipIf(!requireSlapd())('TLS with a directory', () => {
  let slapd: Slapd
  let plain: Slapd
  let foreign: Slapd
  beforeAll(async () => {
    ;[slapd, plain, foreign] = await Promise.all([Slapd.start(), Slapd.start({ tls: false }), Slapd.start()])
  })
  afterAll(async () => {
    await Promise.all([slapd?.dispose(), plain?.dispose(), foreign?.dispose()])
  })

  const own = () => ({ caCertificates: slapd.caCertificates, ...longer })
  const longer = { connectTimeoutMilliseconds: 1000, readTimeoutMilliseconds: 1000 }
  const wrongName = (url: string) => url.replace('localhost', '127.0.0.1')

  it.each<[string, () => [string, DirectorySettingsFields], RegExp]>([
    ['an authority that is not trusted, over ldaps', () => [slapd.tlsUrl, longer], /caCertificates/],
    [
      'an authority that is not trusted, over StartTLS',
      () => [slapd.namedUrl, { ...longer, startTls: true }],
      /caCertificates/,
    ],
    ['another authority than the own one, over ldaps', () => [foreign.tlsUrl, own()], /caCertificates/],
    [
      'another authority than the own one, over StartTLS',
      () => [foreign.namedUrl, { ...own(), startTls: true }],
      /caCertificates/,
    ],
    ['a certificate for another host, over ldaps', () => [wrongName(slapd.tlsUrl), own()], /host name/],
    [
      'a certificate for another host, over StartTLS',
      () => [wrongName(slapd.namedUrl), { ...own(), startTls: true }],
      /host name/,
    ],
    [
      'a server that refuses StartTLS',
      () => [plain.namedUrl, { ...own(), startTls: true }],
      /does not start TLS/,
    ],
    ['a server without TLS under ldaps', () => [plain.namedUrl.replace('ldap:', 'ldaps:'), own()], /no TLS/],
  ])('refuses %s, before any password', async (_what, settings, reason) => {
    const [url, fields] = settings()
    const before = [slapd, plain, foreign].map(({ log }) => log.length)
    await unavailable(directoryAt(url, fields))
    expect(logger.lines.at(-1)).toMatchObject({ step: 'tls', reason: expect.stringMatching(reason) })
    for (const [index, server] of [slapd, plain, foreign].entries())
      expect(server.log.slice(before[index])).not.toMatch(/ BIND /)
  })

  it('is not given up by NODE_TLS_REJECT_UNAUTHORIZED', async () => {
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0'
    try {
      await unavailable(directoryAt(slapd.tlsUrl, longer))
      await unavailable(directoryAt(slapd.namedUrl, { ...longer, startTls: true }))
    } finally {
      delete process.env['NODE_TLS_REJECT_UNAUTHORIZED']
    }
  })

  describe('that somebody in between strips', () => {
    const startTlsName = '1.3.6.1.4.1.1466.20037'
    /** RFC 4511 section 4.14.2, as the answer to ldapts' first message. */
    const consent = (id: number) => Buffer.from([0x30, 0x0c, 2, 1, id, 0x78, 7, 0x0a, 1, 0, 4, 0, 4, 0])
    const refusal = (id: number) => Buffer.from([0x30, 0x0c, 2, 1, id, 0x78, 7, 0x0a, 1, 2, 4, 0, 4, 0])
    const idOf = (message: Buffer): number => message[4] ?? 0

    const between = async (
      answer: (message: Buffer, client: Socket) => void,
    ): Promise<[TcpListener, LdapDirectory]> => {
      const relay = await relayTo(slapd.port, (chunk, client) => {
        if (!chunk.includes(startTlsName)) return chunk
        answer(chunk, client)
        return undefined
      })
      opened.push(relay)
      return [relay, directoryAt(`ldap://localhost:${relay.port}/${suffix}`, { ...own(), startTls: true })]
    }

    it.each<[string, (message: Buffer, client: Socket) => void]>([
      ['by swallowing it', () => undefined],
      ['by refusing it', (message, client) => void client.write(refusal(idOf(message)))],
      ['by consenting and going on in clear', (message, client) => void client.write(consent(idOf(message)))],
      [
        'by consenting and saying more in clear',
        (message, client) =>
          void client.write(
            Buffer.concat([
              consent(idOf(message)),
              Buffer.from([0x30, 0x0c, 2, 1, 3, 0x61, 7, 0x0a, 1, 0, 4, 0, 4, 0]),
            ]),
          ),
      ],
    ])('%s gets nothing secret', async (_how, answer) => {
      const [relay, directory] = await between(answer)
      await unavailable(directory)
      expect(relay.received.includes(startTlsName)).toBe(true)
      for (const secret of [...secrets, 'alice', 'manager'])
        expect(relay.received.includes(secret)).toBe(false)
      expect(logger.lines.at(-1)).toMatchObject({ step: 'tls' })
    })

    it('can not forge the answer to a bind by what comes in clear after the consent', async () => {
      // A bind's success, whose message is to be filled by whatever the server says next over TLS.
      const forged = Buffer.from([0x30, 0x20, 2, 1, 3, 0x61, 0x1b, 0x0a, 1, 0, 4, 0, 4, 0x14])
      const relay = await TcpListener.start((client) => {
        client.once('data', (message: Buffer) => {
          client.pause()
          const server = connectPlain(slapd.port, '127.0.0.1')
          server.write(message)
          server.once('data', (answer: Buffer) => {
            client.write(Buffer.concat([answer, forged]))
            server.pipe(client)
            client.pipe(server)
            client.resume()
          })
          client.on('close', () => server.destroy())
          server.on('error', () => client.destroy())
        })
      })
      opened.push(relay)
      const url = `ldap://localhost:${relay.port}/${suffix}`
      const search = { searchFilter: '', managerDn: undefined, managerPassword: undefined }
      const fields = { ...own(), startTls: true, userDnPattern: 'uid={0},ou=people', search }
      await expect(directoryAt(url, fields).verify({ ...alice, password: 'wrong' })).rejects.toMatchObject({
        code: 'UNAVAILABLE',
      })
      expect(logger.lines.at(-1)).toMatchObject({
        step: 'tls',
        reason: expect.stringContaining('more in clear'),
      })
      expect(relay.received.includes('wrong')).toBe(false)
    })

    it('lets an honest relay pass, which sees nothing but TLS', async () => {
      const relay = await relayTo(slapd.port)
      opened.push(relay)
      const directory = directoryAt(`ldap://localhost:${relay.port}/${suffix}`, { ...own(), startTls: true })
      expect(await directory.verify(alice)).toMatchObject({ kind: 'confirmed' })
      for (const secret of [...secrets, 'alice', 'manager'])
        expect(relay.received.includes(secret)).toBe(false)
    })
  })

  it('is spoken over ldaps from the first byte', async () => {
    const relay = await relayTo(slapd.tlsPort)
    opened.push(relay)
    const directory = directoryAt(`ldaps://localhost:${relay.port}/${suffix}`, own())
    expect(await directory.verify(alice)).toMatchObject({ kind: 'confirmed' })
    for (const secret of [...secrets, 'alice', 'manager']) expect(relay.received.includes(secret)).toBe(false)
  })

  it('is not there over ldap://, where a password can be read on the way', async () => {
    const relay = await relayTo(slapd.port)
    opened.push(relay)
    expect(await directoryAt(`ldap://localhost:${relay.port}/${suffix}`, longer).verify(alice)).toMatchObject(
      {
        kind: 'confirmed',
      },
    )
    expect(secrets.every((secret) => relay.received.includes(secret))).toBe(true)
  })
})

describe.skipIf(!requireSlapd())('a server whose answers are broken on the way', () => {
  let slapd: Slapd
  beforeAll(async () => {
    slapd = await Slapd.start({ tls: false })
  })
  afterAll(() => slapd?.dispose())

  it('neither ends the process nor stops it nor takes its memory', async () => {
    let seed = 1
    const random = (below: number): number => {
      seed = (seed * 48_271) % 2_147_483_647
      return seed % below
    }
    const listener = await listening((client) => {
      const server = connectPlain(slapd.port, '127.0.0.1')
      server.on('error', () => client.destroy()).on('close', () => client.destroy())
      client.on('close', () => server.destroy())
      client.pipe(server)
      server.on('data', (chunk: Buffer) => {
        if (random(5) === 0) for (let n = 0; n <= random(3); n += 1) chunk[random(chunk.length)] = random(256)
        client.write(random(30) === 0 ? chunk.subarray(0, random(chunk.length)) : chunk)
      })
    })
    const url = `ldap://127.0.0.1:${listener.port}/${suffix}`
    const fields = { connectTimeoutMilliseconds: 100, readTimeoutMilliseconds: 100 }
    const outcomes: string[] = []
    for (let batch = 0; batch < 40; batch += 1) {
      const verdicts = Array.from({ length: 10 }, async (_, index) => {
        const password = index % 2 === 0 ? 'secret1' : 'wrong'
        const verdict = await directoryAt(url, fields)
          .verify({ username: 'alice', password })
          .catch((error: { code?: string }) => ({ kind: error.code }))
        return `${password} ${verdict.kind}`
      })
      outcomes.push(...(await Promise.all(verdicts)))
    }
    expect(new Set(outcomes)).toContain('secret1 confirmed')
    expect(new Set(outcomes)).toContain('secret1 UNAVAILABLE')
    expect(new Set(outcomes)).toContain('wrong wrong-password')
    await expect.poll(() => listener.connections.size, { timeout: 5000 }).toBe(0)
  })
})
