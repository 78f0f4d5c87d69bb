import { secretBoxContract } from '@entrepot/kernel/testing'
import { describe, expect, it } from 'vitest'
import { AesSecretBox, sealingKeyOf } from './aes-secret-box.js'
import { type MasterKeys, parseMasterKeys } from './master-keys.js'

const keys = (...bytes: readonly number[]): MasterKeys => {
  const parsed = parseMasterKeys(bytes.map((byte) => Buffer.alloc(32, byte).toString('hex')).join(','))
  if (parsed === undefined) throw new Error('no keys')
  return parsed
}
const place = 'repositories/docker-hub/password'
const unavailable = (message: string) =>
  expect.objectContaining({ code: 'UNAVAILABLE', message: expect.stringContaining(message) as string })

secretBoxContract('AesSecretBox', () => new AesSecretBox(keys(1)))
secretBoxContract('AesSecretBox with old keys', () => new AesSecretBox(keys(1, 2, 3)))

describe('AesSecretBox', () => {
  it('opens what an old key has sealed, and says that it is not current', () => {
    const old = new AesSecretBox(keys(1))
    const both = new AesSecretBox(keys(2, 1))
    const sealed = old.seal('s3cret', place)
    expect(both.open(sealed, place)).toBe('s3cret')
    expect([both.isCurrent(sealed), both.has(old.currentId)]).toEqual([false, true])
    expect(sealingKeyOf(both.seal('s3cret', place))).toBe(both.currentId)
    expect(both.currentId).not.toBe(old.currentId)
  })

  it('says which key is missing, and never the secret', () => {
    const sealed = new AesSecretBox(keys(1)).seal('s3cret', place)
    const other = new AesSecretBox(keys(2))
    expect(other.has(keys(1)[0].id)).toBe(false)
    expect(() => other.open(sealed, place)).toThrow(
      unavailable(
        `${place} was sealed with master key ${keys(1)[0].id}, and this server has ${keys(2)[0].id}`,
      ),
    )
  })

  it('opens nothing of which a single character was changed', () => {
    const box = new AesSecretBox(keys(1))
    const sealed = box.seal('s3cret', place)
    const start = sealed.lastIndexOf('$') + 1
    for (let at = start; at < sealed.length - 1; at += 1) {
      const changed = `${sealed.slice(0, at)}${sealed[at] === 'A' ? 'B' : 'A'}${sealed.slice(at + 1)}`
      expect(() => box.open(changed, place), String(at)).toThrow(unavailable('can not be opened'))
    }
  })

  it.each(['', 'A', 'A'.repeat(20), 'A'.repeat(37)])('opens nothing that was cut off (%j)', (rest) => {
    const box = new AesSecretBox(keys(1))
    const cut = `$entrepot$1$${box.currentId}$${rest}`
    if (rest === '') expect(box.open(cut, place)).toBe(cut)
    else expect(() => box.open(cut, place)).toThrow(unavailable('can not be opened'))
  })
})
