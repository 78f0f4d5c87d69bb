import { describe, expect, it } from 'vitest'
import { parseOptions } from './options.js'

describe('parseOptions', () => {
  it('measures everything in five rounds when nothing is said', () => {
    expect(parseOptions([])).toMatchObject({ quick: false, only: [], rounds: 5, contenders: [] })
  })

  it('measures a quick run in two rounds, without waiting', () => {
    expect(parseOptions(['--quick'])).toMatchObject({ quick: true, rounds: 2, patienceSeconds: 0 })
  })

  it('takes several scenarios and a number of rounds', () => {
    const options = parseOptions(['--only', 'blob-get', '--only', 'memory', '--rounds', '9'])
    expect(options).toMatchObject({ only: ['blob-get', 'memory'], rounds: 9 })
  })

  it.each(['0', '-1', 'many', '1.5', '101', ''])('refuses %j rounds', (rounds) => {
    expect(() => parseOptions([`--rounds=${rounds}`])).toThrow('a whole number from 1 to 100')
  })

  it('refuses what it does not know', () => {
    expect(() => parseOptions(['--fast'])).toThrow('--fast')
  })
})
