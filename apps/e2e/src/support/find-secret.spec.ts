import { describe, expect, it } from 'vitest'
import { givesAway } from './find-secret.js'

const secret = 'Canary "7f3a" 9c&ß'

describe('the search for a secret', () => {
  const hidden: readonly (readonly [how: string, text: string])[] = [
    ['plain', `password=${secret};`],
    ['JSON', JSON.stringify({ password: secret })],
    ['URL', `?password=${encodeURIComponent(secret)}`],
    ['hex', Buffer.from(secret).toString('hex')],
    ...['', 'a', 'ab', 'abc', 'admin:'].flatMap((before) => [
      [`base64 after "${before}"`, `Basic ${Buffer.from(`${before}${secret}`).toString('base64')}`] as const,
      [
        `base64url after "${before}"`,
        Buffer.from(`${before}${secret} and more`).toString('base64url'),
      ] as const,
    ]),
  ]

  it.each(hidden)('finds it in %s', (_, text) => {
    expect(givesAway(text, secret)).toBe(true)
  })

  it('finds nothing in what is only like it', () => {
    expect(givesAway(`${secret.slice(1)} ${Buffer.from('Canary').toString('base64')}`, secret)).toBe(false)
  })
})
