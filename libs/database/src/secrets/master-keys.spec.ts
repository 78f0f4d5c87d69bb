import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { generateMasterKey, parseMasterKeys } from './master-keys.js'

const key = Buffer.alloc(32, 7)
const other = Buffer.alloc(32, 8)

describe('parseMasterKeys', () => {
  it.each([
    ['base64', key.toString('base64')],
    ['base64 for URLs, without padding', key.toString('base64url')],
    ['hexadecimal digits', key.toString('hex').toUpperCase()],
    ['a line break at its end', `${key.toString('base64')}\n`],
  ])('takes %s as the same key', (_form, text) => {
    expect(parseMasterKeys(text)).toEqual(parseMasterKeys(key.toString('hex')))
  })

  it.each([',', ' , ', '\n', '\r\n'])('takes several with %j between them, in their order', (between) => {
    const keys = parseMasterKeys([key, other].map((each) => each.toString('base64')).join(between))
    expect(keys?.map(({ id }) => id)).toEqual(
      [key, other].map((each) => parseMasterKeys(each.toString('hex'))?.[0].id),
    )
  })

  it.each([
    ['nothing', ''],
    ['commas only', ' ,, '],
    ['a password', 'correct horse battery staple'],
    ['16 bytes', randomBytes(16).toString('base64')],
    ['33 bytes', randomBytes(33).toString('base64')],
    ['a good key beside a bad one', `${key.toString('base64')},short`],
  ])('refuses %s', (_what, text) => {
    expect(parseMasterKeys(text)).toBeUndefined()
  })

  it('tells neither the key nor what seals by the id', () => {
    const [parsed] = parseMasterKeys(key.toString('hex')) ?? []
    expect(parsed?.id).toMatch(/^[0-9a-f]{8}$/)
    expect(key.toString('hex')).not.toContain(parsed?.id)
    expect(parsed?.sealing.equals(key)).toBe(false)
    expect(parsed?.sealing.toString('hex')).not.toContain(parsed?.id)
  })

  it('takes what was generated, another each time', () => {
    const generated = Array.from({ length: 5 }, generateMasterKey)
    expect(new Set(generated.map((text) => parseMasterKeys(text)?.[0].id)).size).toBe(5)
  })
})
