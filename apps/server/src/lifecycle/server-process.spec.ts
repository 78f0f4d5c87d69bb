import { EventEmitter, once } from 'node:events'
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { ServerProcess } from './server-process.js'
import { StartupError } from './startup-error.js'

class FakeControl extends EventEmitter {
  exit(code: number): void {
    this.emit('exited', code)
  }
}

const quiet = { info: () => undefined, fatal: () => undefined }

function start(
  server: Partial<{ start: () => Promise<void>; stop: (force: AbortSignal) => Promise<void> }> = {},
) {
  const control = new FakeControl()
  const told: string[] = []
  const killed: true[] = []
  const process = new ServerProcess(
    {
      start: server.start ?? (async () => undefined),
      stop: server.stop ?? (async () => undefined),
      killDatabase: () => void killed.push(true),
    },
    { graceSeconds: 1, logger: quiet, terminal: { say: (text) => void told.push(text) } },
    control,
  )
  const exited = once(control, 'exited').then(([code]) => code as number)
  return { control, told, killed, exited, running: process.run() }
}

describe('the server process', () => {
  it.each(['SIGINT', 'SIGTERM', 'disconnect'])('stops and exits with 0 on %s', async (event) => {
    const { control, exited, running } = start()
    await running
    control.emit(event)
    expect(await exited).toBe(0)
  })

  it('waits for transfers until a second signal', async () => {
    const forces: AbortSignal[] = []
    const stop = async (force: AbortSignal): Promise<void> => {
      forces.push(force)
      await once(force, 'abort')
    }
    const { control, exited, running } = start({ stop })
    await running
    control.emit('SIGINT')
    await turn()
    expect(forces[0]?.aborted).toBe(false)
    control.emit('SIGINT')
    expect(await exited).toBe(0)
    expect(forces).toHaveLength(1)
  })

  it('stops what was begun, and exits with 1, when it can not start', async () => {
    const { told, exited } = start({
      start: async () => {
        throw new StartupError('ENTREPOT_LISTEN is :80: that port needs more rights')
      },
    })
    expect(await exited).toBe(1)
    expect(told).toEqual(['can not start: ENTREPOT_LISTEN is :80: that port needs more rights'])
  })

  it('exits with 0 when it is stopped while it starts', async () => {
    const { control, told, exited } = start({
      start: () =>
        new Promise((_resolve, reject) => setImmediate(() => reject(new Error('stopped while it started')))),
    })
    control.emit('SIGTERM')
    expect(await exited).toBe(0)
    expect(told).toEqual([])
  })

  it.each(['uncaughtException', 'unhandledRejection'])(
    'stops at once and exits with 1 on %s',
    async (event) => {
      const forces: boolean[] = []
      const { control, exited, running } = start({ stop: async (force) => void forces.push(force.aborted) })
      await running
      control.emit(event, new Error('planted'))
      expect(await exited).toBe(1)
      expect(forces).toEqual([true])
    },
  )

  it('leaves no PostgreSQL behind when the shutdown itself fails', async () => {
    const { control, killed, exited, running } = start({
      stop: async () => {
        throw new Error('planted')
      },
    })
    await running
    control.emit('SIGTERM')
    expect(await exited).toBe(1)
    expect(killed).toEqual([true])
  })
})
