import { auditActions } from '@entrepot/kernel'
import { selfSignedCertificate } from '@entrepot/upstream/testing'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { AuditRecorder } from '../audit-recorder.js'
import { sanitisedEvent } from '../sanitised-event.js'
import { auditEvent } from '../testing/audit-event.js'
import { parseSyslogMessage } from '../testing/parse-syslog-message.js'
import { RecordingAuditObserver } from '../testing/recording-observer.js'
import { datagramReceiver, StreamReceiver } from '../testing/syslog-receiver.js'
import { silentLogger, systemClock } from '@entrepot/kernel'
import { createSyslogOutlet } from './create-syslog-outlet.js'
import { syslogMessage } from './syslog-message.js'
import type { SyslogOutlet } from './syslog-outlet.js'
import { parseSyslogTarget } from './syslog-target.js'

const sender = { hostname: 'node-1.example', processId: 42 }
const names = (count: number) => Array.from({ length: count }, (_, position) => `user-${position}`)
const events = (...actors: readonly string[]) => actors.map((actor) => auditEvent({ actor }))

describe('a syslog message', () => {
  const parsed = (event: Parameters<typeof syslogMessage>[0], longest = 8192) =>
    parseSyslogMessage(syslogMessage(event, sender, longest))

  it('says who did what, as the grammar of RFC 5424 wants it', () => {
    const event = auditEvent({
      action: 'push',
      realm: 'corp',
      subject: { kind: 'image', name: 'docker-local/app:1' },
      before: { digest: 'sha256:a' },
      after: { digest: 'sha256:b' },
    })
    const message = parsed(event)
    expect(message).toMatchObject({
      facility: 13,
      severity: 6,
      timestamp: event.at,
      hostname: 'node-1.example',
      application: 'entrepot',
      processId: '42',
      messageId: 'push',
    })
    expect([...message.structuredData]).toEqual([
      [
        'entrepot@32473',
        new Map([
          ['outcome', 'ok'],
          ['actor', 'ada'],
          ['realm', 'corp'],
          ['address', '192.0.2.7'],
          ['requestId', 'request-1'],
          ['subjectKind', 'image'],
          ['subject', 'docker-local/app:1'],
        ]),
      ],
    ])
    expect(JSON.parse(message.message)).toMatchObject({
      actor: 'ada',
      before: { digest: 'sha256:a' },
      after: { digest: 'sha256:b' },
    })
  })

  it.each([
    ['login', 'ok', 10, 6],
    ['login', 'refused', 10, 4],
    ['login', 'locked', 10, 4],
    ['access', 'refused', 10, 4],
    ['push', 'failed', 13, 3],
    ['permission.update', 'ok', 13, 6],
  ] as const)('of %s, %s, has facility %d and severity %d', (action, outcome, facility, severity) => {
    expect(parsed(auditEvent({ action, outcome }))).toMatchObject({ facility, severity })
  })

  it('has a name for every action', () => {
    for (const action of auditActions) expect(parsed(auditEvent({ action })).messageId).toBe(action)
  })

  it.each([
    'a"] [forged@32473 actor="root',
    String.raw`back\slash\"`,
    ']]]"""\\\\',
    'Zoë 漢字 🚢',
    'two\nlines\r\n<13>1 - - - - - -',
    '',
    ' ',
    '-',
  ])('carries the name %j without breaking', (actor) => {
    const event = sanitisedEvent(auditEvent({ actor, reason: actor }), new Date(0))
    const message = parsed(event)
    expect(message.structuredData.get('entrepot@32473')?.get('actor')).toBe(event.actor)
    expect(message.structuredData.get('entrepot@32473')?.get('reason')).toBe(event.actor)
    expect(message.structuredData.size).toBe(1)
    expect(syslogMessage(event, sender, 8192).toString()).not.toMatch(/[\r\n]/)
  })

  it('leaves out old and new when it would be longer than receivers take', () => {
    const event = auditEvent({ after: { list: 'x'.repeat(4000) } })
    expect(JSON.parse(parsed(event, 2048).message)).not.toHaveProperty('after')
    expect(JSON.parse(parsed(event, 8192).message)).toHaveProperty('after')
  })

  it('takes a host without a printable name', () => {
    const bytes = syslogMessage(auditEvent(), { ...sender, hostname: ' ü ' }, 8192)
    expect(parseSyslogMessage(bytes).hostname).toBe('-')
  })
})

describe('the address of a syslog receiver', () => {
  it.each([
    ['tcp://siem.example:601', { protocol: 'tcp', host: 'siem.example', port: 601 }],
    ['tcp://siem.example', { protocol: 'tcp', host: 'siem.example', port: 601 }],
    ['tls://10.0.0.1', { protocol: 'tls', host: '10.0.0.1', port: 6514 }],
    ['udp://[2001:db8::1]:5514', { protocol: 'udp', host: '2001:db8::1', port: 5514 }],
    ['udp://siem/', { protocol: 'udp', host: 'siem', port: 514 }],
  ])('is read of %s', (text, target) => expect(parseSyslogTarget(text)).toEqual(target))

  it.each([
    'siem.example',
    'http://siem',
    'tcp://',
    'tcp://siem:0',
    'tcp://siem:70000',
    'tcp://u:p@siem:601',
    'tcp://siem/x',
  ])('is not %s', (text) => expect(parseSyslogTarget(text)).toBeUndefined())
})

describe('a syslog receiver', () => {
  const open: (() => unknown)[] = []
  afterEach(async () => {
    for (const close of open.splice(0).toReversed()) await close()
  })

  const receiverOf = async (...options: Parameters<typeof StreamReceiver.start>) => {
    const receiver = await StreamReceiver.start(...options)
    open.push(() => receiver.stop())
    return receiver
  }
  const outletTo = (...options: Parameters<typeof createSyslogOutlet>): SyslogOutlet => {
    const outlet = createSyslogOutlet(...options)
    open.push(() => outlet.close())
    return outlet
  }
  const tcp = (port: number) => ({ protocol: 'tcp', host: '127.0.0.1', port }) as const
  const arrived = (receiver: { readonly messages: readonly unknown[] }, count: number) =>
    vi.waitFor(() => expect(receiver.messages).toHaveLength(count), { timeout: 5_000 })

  it('gets every message over TCP, however frames are split', async () => {
    const receiver = await receiverOf()
    const outlet = outletTo(tcp(receiver.port))
    const actors = names(3_000).map((name) => `${name} Zoë ${'x'.repeat(200)}`)
    await outlet.write(events(...actors))
    await outlet.write(events('last'))
    await arrived(receiver, 3_001)
    expect(receiver.actors).toEqual([...actors, 'last'])
    expect(receiver.problems).toEqual([])
    expect(receiver.connections).toBe(1)
  })

  it('gets what comes after the connection broke over a new one', async () => {
    const receiver = await receiverOf()
    const outlet = outletTo(tcp(receiver.port))
    await outlet.write(events('a'))
    await arrived(receiver, 1)
    receiver.cutConnections()
    await vi.waitFor(() => expect(receiver.sockets.size).toBe(0))
    await new Promise((resolve) => setTimeout(resolve, 50))
    await outlet.write(events('b'))
    await arrived(receiver, 2)
    expect([receiver.actors, receiver.connections]).toEqual([['a', 'b'], 2])
  })

  it('that is away gets everything, in order, when it is back', async () => {
    const first = await receiverOf()
    const observer = new RecordingAuditObserver()
    const outlet = outletTo(tcp(first.port))
    const settings = {
      capacity: 10_000,
      batch: 50,
      gathering: 5,
      retry: { first: 10, longest: 100 },
      repeatLog: 60_000,
    }
    const trail = new AuditRecorder([outlet], systemClock, observer, silentLogger, settings)
    open.push(() => trail.close(1_000))
    await first.stop()
    for (const event of events(...names(1_000))) trail.record(event)
    await new Promise((resolve) => setTimeout(resolve, 100))
    const second = await receiverOf(undefined, first.port)
    await arrived(second, 1_000)
    expect(second.actors).toEqual(names(1_000))
    expect(observer.lost.size).toBe(0)
  })

  it('that is slow holds back who writes, and gets all of it', async () => {
    const receiver = await receiverOf()
    receiver.pause()
    const outlet = outletTo(tcp(receiver.port))
    const actors = names(5_000).map((name) => `${name}${'x'.repeat(900)}`)
    let isWritten = false
    const writing = outlet.write(events(...actors)).then(() => (isWritten = true))
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(isWritten).toBe(false)
    receiver.resume()
    await writing
    await arrived(receiver, 5_000)
    expect(receiver.actors).toEqual(actors)
  })

  it('that takes nothing any more is left and tried again', async () => {
    const receiver = await receiverOf()
    receiver.pause()
    const outlet = outletTo(tcp(receiver.port), undefined, { connect: 1_000, stall: 100 })
    const actors = names(5_000).map((name) => `${name}${'x'.repeat(900)}`)
    await expect(outlet.write(events(...actors))).rejects.toThrow()
    receiver.cutConnections()
    receiver.resume()
    receiver.messages.length = 0
    await outlet.write(events('after'))
    await vi.waitFor(() => expect(receiver.actors.at(-1)).toBe('after'))
  })

  it('that is not there is a failure each time', async () => {
    const receiver = await receiverOf()
    await receiver.stop()
    const outlet = outletTo(tcp(receiver.port))
    await expect(outlet.write(events('a'))).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    await expect(outlet.write(events('a'))).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })

  describe('over TLS', () => {
    let certificate: { readonly key: string; readonly cert: string }
    beforeAll(() => {
      certificate = selfSignedCertificate()
    })

    it.each(['127.0.0.1', 'localhost'])('gets messages when its CA is known, at %s', async (host) => {
      const receiver = await receiverOf(certificate)
      const outlet = outletTo({ protocol: 'tls', host, port: receiver.port }, certificate.cert)
      await outlet.write(events(...names(500)))
      await arrived(receiver, 500)
      expect(receiver.actors).toEqual(names(500))
    })

    it('gets nothing when its certificate comes from somebody else', async () => {
      const receiver = await receiverOf(certificate)
      const target = { protocol: 'tls', host: '127.0.0.1', port: receiver.port } as const
      for (const ca of [undefined, selfSignedCertificate().cert]) {
        const outlet = outletTo(target, ca)
        await expect(outlet.write(events('a'))).rejects.toMatchObject({
          code: expect.stringMatching(/SELF_SIGNED|UNABLE_TO_VERIFY|CERT/) as unknown,
        })
      }
      expect(receiver.messages).toEqual([])
    })

    it('that speaks no TLS is left after a while', async () => {
      const receiver = await receiverOf()
      receiver.pause()
      const target = { protocol: 'tls', host: '127.0.0.1', port: receiver.port } as const
      const outlet = outletTo(target, undefined, { connect: 100, stall: 100 })
      await expect(outlet.write(events('a'))).rejects.toThrow('no connection in time')
    })
  })

  it.each(['udp4', 'udp6'] as const)('gets a datagram for each message over %s', async (type) => {
    const receiver = await datagramReceiver(type)
    open.push(receiver.stop)
    const host = type === 'udp4' ? '127.0.0.1' : '::1'
    const outlet = outletTo({ protocol: 'udp', host, port: receiver.port })
    await outlet.write(events('a', 'b'))
    await outlet.write([auditEvent({ actor: 'c', after: { list: 'x'.repeat(4000) } })])
    await arrived(receiver, 3)
    expect(receiver.messages.map(({ message }) => (JSON.parse(message) as { actor: string }).actor)).toEqual([
      'a',
      'b',
      'c',
    ])
    expect(Math.max(...receiver.sizes)).toBeLessThanOrEqual(2048)
  })

  it('that was away gets datagrams again when it is back', async () => {
    const receiver = await datagramReceiver('udp4')
    const outlet = outletTo({ protocol: 'udp', host: '127.0.0.1', port: receiver.port })
    await outlet.write(events('a'))
    await arrived(receiver, 1)
    receiver.stop()
    // The system tells of the refusal, if it does, only after a datagram was sent.
    for (let n = 0; n < 3; n += 1) {
      await outlet.write(events('lost')).catch(() => undefined)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    const back = await datagramReceiver('udp4', receiver.port)
    open.push(back.stop)
    await vi.waitFor(async () => {
      await outlet.write(events('b'))
      expect(back.messages.length).toBeGreaterThan(0)
    })
  })
})
