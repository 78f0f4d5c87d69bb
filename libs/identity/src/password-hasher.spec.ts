import { verify } from '@node-rs/argon2'
import { describe, expect, it } from 'vitest'
import { PasswordHasher } from './password-hasher.js'

describe('PasswordHasher', () => {
  it('makes argon2id hashes of 19 MiB and two passes, each with its own salt', async () => {
    const hasher = new PasswordHasher()
    const [first, second] = await Promise.all([hasher.hash('geheim: ü 漢'), hasher.hash('geheim: ü 漢')])
    expect(first).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
    expect(first).not.toBe(second)
    expect(await verify(first, 'geheim: ü 漢')).toBe(true)
  })

  it('verifies the right password and refuses another one', async () => {
    const hasher = new PasswordHasher()
    const phc = await hasher.hash('right')
    expect(await hasher.verify(phc, 'right')).toBe(true)
    expect(await hasher.verify(phc, 'right ')).toBe(false)
    expect(await hasher.verify(phc, '')).toBe(false)
  })

  it('answers false for nobody', async () => {
    expect(await new PasswordHasher().verify(undefined, 'anything')).toBe(false)
  })

  it('fails loudly on a stored hash that is none', async () => {
    await expect(new PasswordHasher().verify('not a hash', 'anything')).rejects.toThrow()
  })

  it('refuses what would have to wait too long, and goes on afterwards', async () => {
    const hasher = new PasswordHasher({ concurrency: 1, waiting: 2 })
    const results = await Promise.allSettled(
      Array.from({ length: 5 }, () => hasher.verify(undefined, 'crowd')),
    )
    expect(results.map((result) => result.status)).toEqual([
      'fulfilled',
      'fulfilled',
      'fulfilled',
      'rejected',
      'rejected',
    ])
    expect(results[4]).toMatchObject({ reason: { code: 'TOO_MANY_REQUESTS', retryAfterSeconds: 2 } })
    expect(await hasher.verify(undefined, 'later')).toBe(false)
  })

  it('hands its place on when a computation fails', async () => {
    const hasher = new PasswordHasher({ concurrency: 1, waiting: 2 })
    const failing = hasher.verify('not a hash', 'x')
    const waiting = hasher.verify(undefined, 'y')
    await expect(failing).rejects.toThrow()
    expect(await waiting).toBe(false)
  })
})
