import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Rounds } from './rounds.js'

const timing = { first: 60, period: 600 }

describe('rounds', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('begin after the first wait, and each again after the period that follows the one before', async () => {
    let ends: (() => void) | undefined
    const round = vi.fn(() => new Promise<void>((resolve) => (ends = resolve)))
    const rounds = new Rounds(timing, round)
    rounds.start()
    await vi.advanceTimersByTimeAsync(59)
    expect(round).toHaveBeenCalledTimes(0)
    await vi.advanceTimersByTimeAsync(1)
    expect(round).toHaveBeenCalledTimes(1)
    await vi.advanceTimersByTimeAsync(10_000)
    expect(round).toHaveBeenCalledTimes(1)
    ends?.()
    await vi.advanceTimersByTimeAsync(599)
    expect(round).toHaveBeenCalledTimes(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(round).toHaveBeenCalledTimes(2)
    ends?.()
    await rounds.stop()
  })

  it('end with the round that is going on when they are stopped', async () => {
    vi.useRealTimers()
    const steps: string[] = []
    const rounds: Rounds = new Rounds({ first: 0, period: 0 }, async () => {
      steps.push('begun')
      await sleep(20)
      steps.push(`stopped: ${rounds.isStopped}`)
    })
    rounds.start()
    await vi.waitFor(() => expect(steps).toEqual(['begun']), { interval: 1 })
    await rounds.stop()
    expect(steps).toEqual(['begun', 'stopped: true'])
    await sleep(20)
    expect(steps).toHaveLength(2)
  })

  it('that are stopped before the first never begin', async () => {
    const round = vi.fn(() => Promise.resolve())
    const rounds = new Rounds(timing, round)
    rounds.start()
    await rounds.stop()
    rounds.start()
    await vi.advanceTimersByTimeAsync(10_000)
    expect(round).not.toHaveBeenCalled()
  })
})
