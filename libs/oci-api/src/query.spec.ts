import { describe, expect, it } from 'vitest'
import { Query } from './query.js'

describe('Query', () => {
  it('decodes names and values', () => {
    expect(new Query('digest=sha256%3Aab&x').first('digest')).toBe('sha256:ab')
    expect(new Query('a=1&x').first('x')).toBe('')
    expect(new Query('%61=1').first('a')).toBe('1')
    expect(new Query('a=b=c').first('a')).toBe('b=c')
    expect(new Query('').first('a')).toBeUndefined()
  })

  it('keeps repeated parameters in their order', () => {
    expect(new Query('tag=b&x=1&tag=a').all('tag')).toEqual(['b', 'a'])
  })

  it('keeps a plus of a media type', () => {
    expect(new Query('t=application/vnd.x+json').first('t')).toBe('application/vnd.x+json')
    expect(new Query('t=application%2Fvnd.x%2Bjson').first('t')).toBe('application/vnd.x+json')
  })

  it('reads a plus of a form as a blank', () => {
    expect(new Query('scope=a+b%2B', 'plus-is-blank').first('scope')).toBe('a b+')
  })

  it.each(['a=%zz', 'a=%ff', 'a=%00', '%00=a', 'b=1&a=%'])('refuses %s', (text) => {
    expect(() => new Query(text).first('a')).toThrow(expect.objectContaining({ code: 'REQUEST_INVALID' }))
  })
})
