import { type AuditEntry, type LogFields, type Logger, RegistryError, silentLogger } from '@entrepot/kernel'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { AuditRecorder } from './audit-recorder.js'
import { type OutletQueueSettings, outletQueueSettings } from './outlet-queue.js'
import { FakeOutlet } from './testing/fake-outlet.js'
import { RecordingAuditObserver } from './testing/recording-observer.js'

interface Line {
  readonly message: string
  readonly fields: LogFields
}

const entry = (actor: string): AuditEntry => ({
  action: 'login',
  outcome: 'ok',
  actor,
  origin: { address: '192.0.2.7', requestId: 'r' },
})
const names = (count: number) => Array.from({ length: count }, (_, position) => `user-${position}`)

describe('the audit recorder', () => {
  let outlet: FakeOutlet
  let other: FakeOutlet
  let observer: RecordingAuditObserver
  let lines: Line[]

  beforeEach(() => {
    vi.useFakeTimers({ now: Date.parse('2026-11-20T12:00:00Z') })
    outlet = new FakeOutlet('one')
    other = new FakeOutlet('two')
    observer = new RecordingAuditObserver()
    lines = []
  })
  afterEach(() => vi.useRealTimers())

  const recorder = (settings: Partial<OutletQueueSettings> = {}) => {
    const add = (fields: LogFields, message: string) => void lines.push({ fields, message })
    const logger: Logger = { ...silentLogger, info: add, warn: add, error: add }
    const clock = { now: () => Date.now() }
    return new AuditRecorder([outlet, other], clock, observer, logger, {
      ...outletQueueSettings,
      ...settings,
    })
  }
  const fill = (trail: AuditRecorder, actors: readonly string[]) => {
    for (const actor of actors) trail.record(entry(actor))
  }
  const told = () => lines.map(({ message }) => message)

  it('writes what comes within a moment at once, with its time, to every outlet', async () => {
    const trail = recorder()
    trail.record(entry('ada'))
    await vi.advanceTimersByTimeAsync(50)
    trail.record(entry('bob'))
    expect(outlet.batches).toEqual([])
    await vi.advanceTimersByTimeAsync(60)
    expect(outlet.batches.map((batch) => batch.map(({ actor, at }) => [actor, at.toISOString()]))).toEqual([
      [
        ['ada', '2026-11-20T12:00:00.000Z'],
        ['bob', '2026-11-20T12:00:00.050Z'],
      ],
    ])
    expect(other.actors).toEqual(['ada', 'bob'])
    expect(observer.events).toEqual(['login ok', 'login ok'])
  })

  it('goes on after it had nothing to do', async () => {
    const trail = recorder()
    fill(trail, ['ada'])
    await vi.advanceTimersByTimeAsync(10_000)
    fill(trail, ['bob'])
    await vi.advanceTimersByTimeAsync(1_000)
    expect(outlet.actors).toEqual(['ada', 'bob'])
  })

  it('writes large amounts in batches, in order', async () => {
    const trail = recorder({ batch: 100 })
    fill(trail, names(1_050))
    await vi.advanceTimersByTimeAsync(1_000)
    expect(outlet.actors).toEqual(names(1_050))
    expect(Math.max(...outlet.batches.map(({ length }) => length))).toBe(100)
  })

  it('keeps everything, in order, while an outlet is down, and tells so seldom', async () => {
    const trail = recorder()
    outlet.before = () => Promise.reject(new RegistryError('UNAVAILABLE', 'the database is down'))
    fill(trail, names(3_000))
    await vi.advanceTimersByTimeAsync(59_000)
    fill(trail, ['late'])
    expect(outlet.batches).toEqual([])
    expect(outlet.attempts).toBeGreaterThan(5)
    expect(outlet.attempts).toBeLessThan(30)
    expect(other.actors).toEqual([...names(3_000)])
    expect(told()).toEqual(['audit events can not be written: they are kept and tried again'])
    outlet.before = () => Promise.resolve()
    await vi.advanceTimersByTimeAsync(11_000)
    expect(outlet.actors).toEqual([...names(3_000), 'late'])
    expect(told().at(-1)).toBe('audit events are written again')
    expect(observer.lost.size).toBe(0)
  })

  it('counts what comes when too many wait already, and keeps the oldest', async () => {
    const trail = recorder({ capacity: 10 })
    outlet.before = () => Promise.reject(new Error('down'))
    fill(trail, names(25))
    await vi.advanceTimersByTimeAsync(1_000)
    expect([...observer.lost]).toEqual([
      ['one', 15],
      ['two', 15],
    ])
    expect(told().filter((message) => message === 'audit events were lost')).toHaveLength(2)
    outlet.before = () => Promise.resolve()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(outlet.actors).toEqual(names(10))
    fill(trail, names(11))
    expect(lines.at(-1)).toMatchObject({ message: 'audit events were lost', fields: { events: 15 } })
  })

  it('tells how many events wait for each outlet, till they are written', async () => {
    const trail = recorder()
    expect([...trail.waiting()]).toEqual([
      ['one', 0],
      ['two', 0],
    ])
    outlet.before = () => Promise.reject(new Error('down'))
    fill(trail, names(25))
    expect([...trail.waiting().values()]).toEqual([25, 25])
    await vi.advanceTimersByTimeAsync(1_000)
    expect([...trail.waiting().values()]).toEqual([25, 0])
    outlet.before = () => Promise.resolve()
    await vi.advanceTimersByTimeAsync(11_000)
    expect([...trail.waiting().values()]).toEqual([0, 0])
  })

  it('is not held up by an outlet that never answers', async () => {
    const trail = recorder()
    outlet.before = () => new Promise(() => undefined)
    fill(trail, names(10))
    await vi.advanceTimersByTimeAsync(60_000)
    expect(other.actors).toEqual(names(10))
    expect(outlet.attempts).toBe(1)
  })

  it('gives up one event that will never be taken, and only that one', async () => {
    const trail = recorder()
    outlet.before = async (events) => {
      if (events.some(({ actor }) => actor === 'user-7')) {
        throw new RegistryError('REQUEST_INVALID', 'can not be stored')
      }
    }
    fill(trail, names(100))
    await vi.advanceTimersByTimeAsync(2_000)
    expect(outlet.actors).toEqual(names(100).filter((name) => name !== 'user-7'))
    expect([...observer.lost]).toEqual([['one', 1]])
  })

  it('outlives an entry that can not be read', async () => {
    const trail = recorder()
    const broken = {
      ...entry('ada'),
      get after(): object {
        throw new Error('a bug')
      },
    }
    expect(() => trail.record(broken)).not.toThrow()
    expect(() => trail.record({ ...entry('ada'), actor: undefined as unknown as string })).not.toThrow()
    fill(trail, ['bob'])
    await vi.advanceTimersByTimeAsync(1_000)
    expect(outlet.actors).toEqual(['bob'])
    expect([...observer.lost]).toEqual([
      ['one', 2],
      ['two', 2],
    ])
  })

  it('takes what a hundred callers record at once', async () => {
    const trail = recorder()
    await Promise.all(
      Array.from({ length: 100 }, async (_, caller) => {
        for (let turn = 0; turn < 50; turn += 1) {
          trail.record(entry(`${caller}/${turn}`))
          await Promise.resolve()
        }
      }),
    )
    await vi.advanceTimersByTimeAsync(5_000)
    expect(new Set(outlet.actors).size).toBe(5_000)
    const ofOne = outlet.actors.filter((actor) => actor.startsWith('42/'))
    expect(ofOne).toEqual(Array.from({ length: 50 }, (_, turn) => `42/${turn}`))
  })

  describe('that is closed', () => {
    it('writes what waits and closes its outlets', async () => {
      const trail = recorder({ batch: 10 })
      fill(trail, names(95))
      const closing = trail.close(5_000)
      await vi.advanceTimersByTimeAsync(10)
      await closing
      expect(outlet.actors).toEqual(names(95))
      expect([outlet.isClosed, other.isClosed]).toEqual([true, true])
      expect(observer.lost.size).toBe(0)
    })

    it('waits for an outlet that comes back in time', async () => {
      const trail = recorder()
      outlet.before = () => Promise.reject(new Error('down'))
      fill(trail, names(10))
      await vi.advanceTimersByTimeAsync(30_000)
      const closing = trail.close(5_000)
      await vi.advanceTimersByTimeAsync(2_000)
      outlet.before = () => Promise.resolve()
      await vi.advanceTimersByTimeAsync(1_000)
      await closing
      expect(outlet.actors).toEqual(names(10))
    })

    it.each([
      ['is down', () => Promise.reject(new Error('down'))],
      ['never answers', () => new Promise<void>(() => undefined)],
    ])('counts and tells what is lost when an outlet %s until the end', async (_, before) => {
      const trail = recorder()
      outlet.before = before
      fill(trail, names(10))
      await vi.advanceTimersByTimeAsync(200)
      const closing = trail.close(5_000)
      await vi.advanceTimersByTimeAsync(5_100)
      await closing
      expect([...observer.lost]).toEqual([['one', 10]])
      expect(trail.waiting().get('one')).toBe(0)
      expect(lines.at(-1)).toMatchObject({ message: 'audit events were lost', fields: { events: 10 } })
      expect(outlet.isClosed).toBe(true)
      fill(trail, ['after the end'])
      expect(observer.lost.get('one')).toBe(11)
    })

    it('does not fail when an outlet can not be closed', async () => {
      const trail = recorder()
      outlet.close = () => Promise.reject(new Error('EIO'))
      await trail.close(100)
      expect(told()).toEqual(['an outlet of the audit trail could not be closed'])
    })
  })
})
