import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { Batcher, type BatcherOptions } from './batcher.js'

interface Call {
  readonly keys: readonly number[]
  finish(): void
  fail(error: Error): void
}

function recorded(options: Partial<BatcherOptions<number, string>> = {}) {
  const calls: Call[] = []
  const batcher = new Batcher<number, string>({
    load: (keys) =>
      new Promise((resolve, reject) => {
        calls.push({ keys, finish: () => resolve(keys.map(String)), fail: reject })
      }),
    nameOf: String,
    ...options,
  })
  return { calls, batcher }
}

describe('Batcher', () => {
  it('loads what is asked for in one turn together, equal keys once', async () => {
    const { calls, batcher } = recorded()
    const answers = Promise.all([1, 2, 1, 3].map((key) => batcher.get(key)))
    await turn()
    expect(calls.map(({ keys }) => keys)).toEqual([[1, 2, 3]])
    calls[0]?.finish()
    expect(await answers).toEqual(['1', '2', '1', '3'])
  })

  it('does not let a key join a batch that has been sent', async () => {
    const { calls, batcher } = recorded()
    const first = batcher.get(1)
    await turn()
    const second = batcher.get(1)
    await turn()
    expect(calls.map(({ keys }) => keys)).toEqual([[1], [1]])
    for (const call of calls) call.finish()
    expect(await Promise.all([first, second])).toEqual(['1', '1'])
  })

  it('collects while enough batches are under way', async () => {
    const { calls, batcher } = recorded({ maximumInFlight: 1 })
    const answers = [batcher.get(1)]
    await turn()
    answers.push(batcher.get(2))
    await turn()
    answers.push(batcher.get(3))
    await turn()
    expect(calls.map(({ keys }) => keys)).toEqual([[1]])
    calls[0]?.finish()
    await turn()
    await turn()
    expect(calls.map(({ keys }) => keys)).toEqual([[1], [2, 3]])
    calls[1]?.finish()
    expect(await Promise.all(answers)).toEqual(['1', '2', '3'])
  })

  it('cuts batches at the limit', async () => {
    const { calls, batcher } = recorded({ maximumBatch: 2, maximumInFlight: 5 })
    const answers = [1, 2, 3, 4, 5].map((key) => batcher.get(key))
    await turn()
    expect(calls.map(({ keys }) => keys)).toEqual([[1, 2], [3, 4], [5]])
    for (const call of calls) call.finish()
    expect(await Promise.all(answers)).toEqual(['1', '2', '3', '4', '5'])
  })

  it('fails those of the batch that failed, and goes on', async () => {
    const { calls, batcher } = recorded()
    const failing = Promise.allSettled([batcher.get(1), batcher.get(2)])
    await turn()
    calls[0]?.fail(new Error('lost'))
    expect((await failing).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    const next = batcher.get(1)
    await turn()
    calls[1]?.finish()
    expect(await next).toBe('1')
  })
})
