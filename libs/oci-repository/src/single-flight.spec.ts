import { expect, test } from 'vitest'
import { abortable } from './abortable.js'
import { SingleFlight } from './single-flight.js'

test('a flight is one for all who ask while it runs', async () => {
  const flights = new SingleFlight<number>()
  let started = 0
  const work = async () => (started += 1)
  expect(await Promise.all([flights.do('a', work), flights.do('a', work), flights.do('b', work)])).toEqual([
    1, 1, 2,
  ])
  expect(await flights.do('a', work)).toBe(3)
})

test('a flight that fails after the only one who waited has gone disturbs nobody', async () => {
  const unhandled: unknown[] = []
  const note = (reason: unknown) => unhandled.push(reason)
  process.on('unhandledRejection', note)
  try {
    const flights = new SingleFlight<number>()
    const { promise, reject } = Promise.withResolvers<number>()
    const left = AbortSignal.abort(new Error('the client left'))
    await expect(
      abortable(
        flights.do('a', () => promise),
        left,
      ),
    ).rejects.toThrow('the client left')
    reject(new Error('the upstream is down'))
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(unhandled).toEqual([])
  } finally {
    process.off('unhandledRejection', note)
  }
})
