import { describe, expect, it } from 'vitest'
import { retryAfterSeconds } from './retry-after.js'

const now = Date.parse('Thu, 01 Jan 2026 00:00:00 GMT')

describe('retryAfterSeconds', () => {
  it.each([
    ['7', 7],
    [' 7 ', 7],
    ['0', 0],
    ['999999999999', 86_400],
    ['Thu, 01 Jan 2026 00:01:00 GMT', 60],
    ['Wed, 31 Dec 2025 00:00:00 GMT', 0],
    ['soon', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('reads %j as %s', (header, seconds) => {
    expect(retryAfterSeconds(header, now)).toBe(seconds)
  })
})
