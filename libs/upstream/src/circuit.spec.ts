import { silentLogger } from '@entrepot/kernel'
import { beforeEach, describe, expect, it } from 'vitest'
import { Circuit } from './circuit.js'
import { ManualClock } from './testing/workbench.js'
import { UpstreamError } from './upstream-error.js'

const down = new UpstreamError('UPSTREAM_UNAVAILABLE', 'upstream x refuses connections', 'down')
let clock: ManualClock
let circuit: Circuit

beforeEach(() => {
  clock = new ManualClock()
  circuit = new Circuit(30_000, clock, silentLogger)
})

function throttled(retryAfterSeconds?: number): UpstreamError {
  const options = retryAfterSeconds === undefined ? {} : { retryAfterSeconds }
  return new UpstreamError('TOO_MANY_REQUESTS', 'upstream x answered 429', 'throttled', options)
}

describe('after a failure', () => {
  it('refuses with the same code and the seconds that are left', () => {
    circuit.admit().failed(down)
    clock.pass(10_500)
    expect(() => circuit.admit()).toThrow(
      expect.objectContaining({ code: 'UPSTREAM_UNAVAILABLE', retryAfterSeconds: 20 }),
    )
    expect(() => circuit.check()).toThrow('refuses connections (it is not asked again for another 20 s)')
    expect(circuit.state()).toMatchObject({
      circuit: 'open',
      until: clock.now() + 19_500,
      failure: { code: down.code },
    })
  })

  it('lets one attempt at a time find out when the time is over', () => {
    circuit.admit().failed(down)
    clock.pass(30_000)
    expect(circuit.state().circuit).toBe('probing')
    const probe = circuit.admit()
    expect(() => circuit.admit()).toThrow(expect.objectContaining({ retryAfterSeconds: 1 }))
    probe.succeeded()
    expect(circuit.state().circuit).toBe('closed')
    circuit.admit()
    circuit.admit()
  })

  it('stays open for as long again when the probe fails', () => {
    circuit.admit().failed(down)
    clock.pass(30_000)
    circuit.admit().failed(down)
    clock.pass(29_999)
    expect(() => circuit.check()).toThrow(UpstreamError)
    clock.pass(1)
    circuit.check()
  })

  it('lets the next attempt probe when the first was abandoned', () => {
    circuit.admit().failed(down)
    clock.pass(30_000)
    circuit.admit().abandoned()
    circuit.admit().succeeded()
    expect(circuit.state().circuit).toBe('closed')
  })

  it('is not kept open by failures of attempts that were under way, nor opened again by them after a recovery', () => {
    const [first, second, third] = [circuit.admit(), circuit.admit(), circuit.admit()]
    first.failed(down)
    clock.pass(20_000)
    second.failed(down)
    clock.pass(10_000)
    circuit.admit().succeeded()
    third.failed(down)
    expect(circuit.state().circuit).toBe('closed')
  })

  it('closes for a failure that only a living upstream can give', () => {
    circuit.admit().failed(down)
    clock.pass(30_000)
    circuit.admit().failed(new UpstreamError('DENIED', 'upstream x denies access', 'alive'))
    expect(circuit.state().circuit).toBe('closed')
  })

  it('waits no longer than the upstream itself asks for', () => {
    circuit.admit().failed(new UpstreamError('UPSTREAM_UNAVAILABLE', '503', 'down', { retryAfterSeconds: 5 }))
    clock.pass(5000)
    circuit.check()
  })

  it('takes only the first word of an attempt', () => {
    const attempt = circuit.admit()
    attempt.succeeded()
    attempt.failed(down)
    expect(circuit.state().circuit).toBe('closed')
  })

  it('never opens with a time of 0', () => {
    const always = new Circuit(0, clock, silentLogger)
    always.admit().failed(down)
    always.check()
  })
})

describe('after 429', () => {
  it('holds everything back until Retry-After is over, and then lets all go on', () => {
    circuit.admit().failed(throttled(7))
    expect(() => circuit.admit()).toThrow(
      expect.objectContaining({ code: 'TOO_MANY_REQUESTS', retryAfterSeconds: 7 }),
    )
    expect(circuit.state().circuit).toBe('throttled')
    clock.pass(7000)
    circuit.admit()
    circuit.admit()
    expect(circuit.state().circuit).toBe('closed')
  })

  it('holds for a minute at most', () => {
    circuit.admit().failed(throttled(3600))
    clock.pass(60_000)
    circuit.check()
  })

  it('holds nothing back without Retry-After', () => {
    circuit.admit().failed(throttled())
    circuit.check()
  })
})
