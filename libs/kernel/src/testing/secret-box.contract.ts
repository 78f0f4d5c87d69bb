import { describe, expect, it } from 'vitest'
import type { SecretBox } from '../secret-box.js'

const secrets = ['s3cret', '', 'with spaces and "quotes"', 'ü漢🔑\0\n', 'x'.repeat(100_000)]

/** What every implementation of the SecretBox port does. */
export function secretBoxContract(name: string, make: () => SecretBox): void {
  describe(`${name} keeps the contract of SecretBox`, () => {
    it.each(secrets)('opens what it has sealed, where it was sealed for (%#)', (secret) => {
      const box = make()
      const sealed = box.seal(secret, 'table/one/password')
      expect(box.open(sealed, 'table/one/password')).toBe(secret)
      expect(box.isCurrent(sealed)).toBe(true)
      expect(() => box.open(sealed, 'table/two/password')).toThrow(
        expect.objectContaining({ code: 'UNAVAILABLE' }),
      )
    })

    it('seals as another text each time, none with the secret in it', () => {
      const box = make()
      const sealed = Array.from({ length: 10 }, () => box.seal('s3cret', 'a/b/c'))
      expect(new Set(sealed).size).toBe(10)
      expect(sealed.join('\n')).not.toContain('s3cret')
    })

    it('takes what was never sealed as it is', () => {
      const box = make()
      for (const text of secrets) {
        expect(box.isCurrent(text)).toBe(false)
        expect(box.open(text, 'a/b/c')).toBe(text)
      }
    })

    it('opens a secret that looks sealed as what it was', () => {
      const box = make()
      const looksSealed = box.seal('s3cret', 'a/b/c')
      expect(box.open(box.seal(looksSealed, 'a/b/c'), 'a/b/c')).toBe(looksSealed)
    })
  })
}
