import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { systemRandom } from '../random-source.js'
import { hashOfSecret, isSecret, newSecret } from './access-token-secret.js'

describe('the secret of an access token', () => {
  it('has a prefix, 256 random bits and a checksum', () => {
    const zeros = newSecret('access', (size) => Buffer.alloc(size))
    expect(zeros).toMatch(/^ept_A{43}[A-Za-z0-9_-]{6}$/)
    expect(newSecret('refresh', systemRandom)).toMatch(/^epr_[A-Za-z0-9_-]{49}$/)
    expect(newSecret('access', systemRandom)).not.toBe(newSecret('access', systemRandom))
  })

  it('is recognised by its form, each kind as itself only', () => {
    const secret = newSecret('access', systemRandom)
    expect(isSecret('access', secret)).toBe(true)
    expect(isSecret('refresh', secret)).toBe(false)
    expect(isSecret('access', newSecret('refresh', systemRandom))).toBe(false)
  })

  it('is no other one when a character is changed', () => {
    const secret = newSecret('access', systemRandom)
    fc.assert(
      fc.property(fc.nat(secret.length - 1), fc.constantFrom('A', '-', 'z', '', ' ', '\n'), (at, text) => {
        const changed = secret.slice(0, at) + text + secret.slice(at + 1)
        fc.pre(changed !== secret)
        expect(isSecret('access', changed)).toBe(false)
      }),
    )
  })

  it.each(['', 'ept_', 'hunter2', `ept_${'A'.repeat(49)}`, `ept_${'A'.repeat(10_000)}`])(
    'is not a text such as %j',
    (text) => {
      expect(isSecret('access', text)).toBe(false)
    },
  )

  it('is stored as its SHA-256', () => {
    expect(hashOfSecret('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
  })
})
