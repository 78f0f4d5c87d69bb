import { describe, expect, it } from 'vitest'
import { parseRanges } from './requested-ranges.js'

const part = (start: number, end: number) => ({ kind: 'parts', parts: [{ start, end }] })

describe('parseRanges', () => {
  it('reads one range of every form', () => {
    expect(parseRanges('bytes=0-9', 100)).toEqual(part(0, 9))
    expect(parseRanges('bytes=90-', 100)).toEqual(part(90, 99))
    expect(parseRanges('bytes=-10', 100)).toEqual(part(90, 99))
  })

  it('cuts an end beyond the content', () => {
    expect(parseRanges('bytes=90-500', 100)).toEqual(part(90, 99))
    expect(parseRanges('bytes=-500', 100)).toEqual(part(0, 99))
  })

  it.each(['bytes=100-', 'bytes=100-200', 'bytes=500-0', 'bytes=-0', 'bytes=100-,200-'])(
    'finds %s unsatisfiable',
    (header) => {
      expect(parseRanges(header, 100)).toEqual({ kind: 'unsatisfiable' })
    },
  )

  it.each([undefined, 'lines=0-1', 'bytes', 'bytes=', 'bytes=a-b', 'bytes=-', 'bytes=1', 'bytes=0-1,x'])(
    'passes over %s',
    (header) => {
      expect(parseRanges(header, 100)).toEqual({ kind: 'whole' })
    },
  )

  it('passes over any range of an empty blob, which some clients ask for always', () => {
    expect(parseRanges('bytes=0-', 0)).toEqual({ kind: 'whole' })
  })

  it('keeps the parts that lie inside', () => {
    expect(parseRanges('bytes=0-1, 5-6,200-', 100)).toEqual({
      kind: 'parts',
      parts: [
        { start: 0, end: 1 },
        { start: 5, end: 6 },
      ],
    })
  })

  it('gives the whole for too many parts and for more bytes than there are', () => {
    const many = Array.from({ length: 17 }, (_, position) => `${position}-${position}`)
    expect(parseRanges(`bytes=${many.join(',')}`, 100)).toEqual({ kind: 'whole' })
    expect(parseRanges(`bytes=${many.slice(1).join(',')}`, 100).kind).toBe('parts')
    expect(parseRanges('bytes=0-,0-', 100)).toEqual({ kind: 'whole' })
  })
})
