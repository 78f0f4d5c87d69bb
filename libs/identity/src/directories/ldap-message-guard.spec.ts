import { describe, expect, it } from 'vitest'
import { LdapMessageGuard } from './ldap-message-guard.js'

const bytes = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ''), 'hex')
const entry = bytes('30 14 02 01 02 64 0f 04 01 61 30 0a 30 08 04 01 62 31 03 04 01 63')
const done = bytes('30 0c 02 01 02 65 07 0a 01 00 04 00 04 00')

describe('LdapMessageGuard', () => {
  it('lets whole messages through as they are, however they are cut', () => {
    const all = Buffer.concat([entry, done, entry, done])
    for (const size of [1, 3, 7, 20, all.length]) {
      const guard = new LdapMessageGuard()
      const out: Buffer[] = []
      for (let offset = 0; offset < all.length; offset += size)
        out.push(...guard.take(all.subarray(offset, offset + size)))
      expect(out).toEqual([entry, done, entry, done])
      expect(guard.waiting).toBe(0)
    }
  })

  it.each([
    [
      'a page of results with its control',
      '30 2d 02 01 02 65 07 0a 01 00 04 00 04 00 a0 1f 30 1d 04 16 31 2e 32 2e 38 34 30 2e 31 31 33 35 35 36 2e 31 2e 34 2e 33 31 39 04 03 30 01 00',
    ],
    ['a referral to another server', '30 0f 02 01 02 73 0a 04 08 6c 64 61 70 3a 2f 2f 61'],
    ['a length in four bytes', '30 84 00 00 00 0c 02 01 02 61 07 0a 01 31 04 00 04 00'],
  ])('lets %s through', (_what, text) => {
    expect(new LdapMessageGuard().take(bytes(text))).toEqual([bytes(text)])
  })

  it.each([
    ['another protocol', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n').toString('hex')],
    ['zeros', '00 00 00 00'],
    ['a message of 2 GiB', '30 84 7f ff ff ff 02 01 01'],
    ['a length without end', '30 80 02 01 01 00 00'],
    ['a length of nine bytes', '30 89 01 01 01 01 01 01 01 01 01 02 01'],
    ['an item longer than its list', '30 14 02 01 02 64 0f 04 01 61 30 0a 30 08 04 01 62 31 03 04 09 63'],
    ['attributes that are no list', '30 14 02 01 02 64 0f 04 01 61 04 0a 30 08 04 01 62 31 03 04 01 63'],
    ['an operation that no directory sends', '30 0c 02 01 02 60 07 0a 01 00 04 00 04 00'],
    ['an operation that is not there', '30 03 02 01 02'],
    ['nothing', '30 00'],
  ])('refuses %s', (_what, text) => {
    expect(() => new LdapMessageGuard().take(bytes(text))).toThrow('sends what is not LDAP')
  })

  it('refuses or passes whatever becomes of a message by any one byte, at once', () => {
    let refused = 0
    for (const message of [entry, done]) {
      for (let offset = 0; offset < message.length; offset += 1) {
        for (let value = 0; value < 256; value += 1) {
          const broken = Buffer.from(message)
          broken[offset] = value
          try {
            new LdapMessageGuard().take(broken)
          } catch {
            refused += 1
          }
        }
      }
    }
    expect(refused).toBeGreaterThan(1000)
  })
})
