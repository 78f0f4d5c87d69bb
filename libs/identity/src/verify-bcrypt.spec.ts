import { hashSync } from 'bcryptjs'
import { describe, expect, it } from 'vitest'
import { PasswordHasher } from './password-hasher.js'
import { bcryptCostOf, verifyBcrypt } from './verify-bcrypt.js'

const hash = hashSync('geheim: ü 漢', 4)

describe('verifyBcrypt', () => {
  it('verifies what htpasswd and PHP write', async () => {
    for (const prefix of ['$2b$', '$2y$', '$2a$']) {
      const written = hash.replace('$2b$', prefix)
      expect(await verifyBcrypt(written, 'geheim: ü 漢')).toBe(true)
      expect(await verifyBcrypt(written, 'geheim')).toBe(false)
    }
  })

  it('leaves the loop to others meanwhile', async () => {
    let turns = 0
    const counting = setInterval(() => (turns += 1), 1)
    await verifyBcrypt(hashSync('x', 10).replace('$10$', '$12$'), 'x')
    clearInterval(counting)
    expect(turns).toBeGreaterThan(20)
  })

  it.each(['$2y$13$', '$2y$31$', '$2y$03$'])('computes nothing for %s', async (prefix) => {
    const costly = hash.replace('$2b$04$', prefix)
    await expect(verifyBcrypt(costly, 'x')).rejects.toThrow('permitted cost')
    await expect(new PasswordHasher().verify(costly, 'x')).rejects.toThrow()
  })

  it.each(['', '$2y$', '$2x$05$' + 'a'.repeat(53), `${hash} `, hash.slice(1), '$argon2id$v=19$m=1'])(
    'knows that %j is none',
    (text) => {
      expect(bcryptCostOf(text)).toBeUndefined()
    },
  )

  it('waits its turn as every hash does', async () => {
    const hasher = new PasswordHasher({ concurrency: 1, waiting: 1 })
    const first = hasher.verify(hash, 'geheim: ü 漢')
    const second = hasher.verify(hash, 'wrong')
    await expect(hasher.verify(hash, 'x')).rejects.toMatchObject({ code: 'TOO_MANY_REQUESTS' })
    expect([await first, await second]).toEqual([true, false])
  })
})
