import { beforeEach, describe, expect, it } from 'vitest'
import { RecentLookups } from './recent-lookups.js'

const clock = { time: 1_000_000, now: () => clock.time }
let asked: string[]
let lookups: RecentLookups<number>

beforeEach(() => {
  clock.time = 1_000_000
  asked = []
  lookups = new RecentLookups(async (key) => asked.push(key), clock, 1000)
})

describe('RecentLookups', () => {
  it('asks once for equal questions within the time', async () => {
    await Promise.all([lookups.get('a'), lookups.get('a'), lookups.get('b')])
    clock.time += 999
    expect(await lookups.get('a')).toBe(1)
    expect(asked).toEqual(['a', 'b'])
  })

  it('asks again after it, and after being cleared', async () => {
    await lookups.get('a')
    clock.time += 1000
    expect(await lookups.get('a')).toBe(2)
    lookups.clear()
    expect(await lookups.get('a')).toBe(3)
  })

  it('keeps nothing longer when the clock is set back', async () => {
    await lookups.get('a')
    clock.time -= 60 * 60_000
    expect(await lookups.get('a')).toBe(2)
  })

  it('keeps no failure', async () => {
    let isDown = true
    const failing = new RecentLookups(
      async () => {
        if (isDown) throw new Error('connection lost')
        return 1
      },
      clock,
      1000,
    )
    await expect(failing.get('a')).rejects.toThrow('connection lost')
    isDown = false
    expect(await failing.get('a')).toBe(1)
  })
})
