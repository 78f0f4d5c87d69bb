import { expect, it } from 'vitest'
import { RestartDelay } from './restart-delay.js'

it('waits longer after each failure, and not after a healthy minute', () => {
  let now = 0
  const delay = new RestartDelay({ now: () => now })
  const failures = Array.from({ length: 9 }, () => delay.next())
  expect(failures).toEqual([250, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000])
  now += 60_001
  expect(delay.next()).toBe(250)
})
