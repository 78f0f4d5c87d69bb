import type { Logger } from '@entrepot/kernel'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Broadcast } from './broadcast.js'
import { MemoryBroadcast } from './drivers/memory-broadcast.js'
import { Replicated } from './replicated.js'

const warnings: string[] = []
const note = (_fields: object, message: string) => void warnings.push(message)
const logger: Logger = { debug: note, info: note, warn: note, error: note, child: () => logger }

/** Two replicas of a text that lies in one place. */
function replicasOf(broadcast: Broadcast) {
  const truth = { text: 'first' }
  const make = () =>
    new Replicated(
      {
        name: 'texts',
        initial: { text: '' },
        load: (current: { text: string }) =>
          Promise.resolve(current.text === truth.text ? current : { text: truth.text }),
      },
      broadcast,
      logger,
    )
  return { truth, here: make(), there: make() }
}

describe('a replicated value', () => {
  afterEach(() => {
    vi.useRealTimers()
    warnings.length = 0
  })

  it('is loaded at the start', async () => {
    const { here } = replicasOf(new MemoryBroadcast())
    await here.start()
    expect(here.current.text).toBe('first')
    here.stop()
  })

  it('reaches the other replicas by a hint', async () => {
    const { truth, here, there } = replicasOf(new MemoryBroadcast())
    await Promise.all([here.start(), there.start()])
    truth.text = 'second'
    await here.changed('one')
    await vi.waitFor(() => expect(there.current.text).toBe('second'))
    expect(here.current.text).toBe('second')
    here.stop()
    there.stop()
  })

  it('is found changed within a second when the hint was lost', async () => {
    vi.useFakeTimers()
    const deaf: Broadcast = {
      publish: () => Promise.reject(new Error('connection lost')),
      subscribe: () => () => undefined,
      close: () => Promise.resolve(),
    }
    const { truth, here, there } = replicasOf(deaf)
    await Promise.all([here.start(), there.start()])
    truth.text = 'second'
    await here.changed('one')
    expect(warnings).toEqual([expect.stringContaining('periodic reload only')])
    await vi.advanceTimersByTimeAsync(1000)
    expect(there.current.text).toBe('second')
    here.stop()
    there.stop()
  })

  it('tells its listeners of changes and of nothing else', async () => {
    const { truth, here } = replicasOf(new MemoryBroadcast())
    let calls = 0
    here.onChange(() => {
      calls += 1
    })
    await here.start()
    await here.reload()
    expect(calls).toBe(1)
    truth.text = 'second'
    await here.reload()
    expect(calls).toBe(2)
    here.stop()
  })

  it('keeps what it has while the truth can not be read', async () => {
    vi.useFakeTimers()
    let isDown = false
    const value = new Replicated(
      {
        name: 'texts',
        initial: 'nothing',
        load: () => (isDown ? Promise.reject(new Error('down')) : Promise.resolve('something')),
      },
      new MemoryBroadcast(),
      logger,
    )
    await value.start()
    isDown = true
    await vi.advanceTimersByTimeAsync(1000)
    expect(value.current).toBe('something')
    expect(warnings).toEqual(['texts could not be reloaded'])
    value.stop()
  })
})
