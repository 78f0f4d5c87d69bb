import { describe, expect, it } from 'vitest'
import { PasswordRule } from './password-rule.js'

const rule = new PasswordRule()

describe('PasswordRule', () => {
  it.each([
    ['', /0 characters, expected at least 8/],
    ['short', /5 characters/],
    ['x'.repeat(1025), /at most 1024/],
    ['password', /well-known/],
    ['Password1', /well-known/],
    ['PASSWORD-2026!', /well-known/],
    ['changeme', /well-known/],
    ['change-me-123', /well-known/],
    ['Harbor12345', /well-known/],
    ['p@ssw0rd', /well-known/],
    ['administrator', /well-known/],
    ['alice.smith', /user name/],
    ['Alice.Smith2026', /user name/],
    ['aaaaaaaaaaaa', /repeats/],
    ['abababababab', /repeats/],
    ['12345678', /row of digits/],
    ['987654321', /row of digits/],
    ['line\nfeed-in-it', /control characters/],
    ['nul\0character', /control characters/],
  ])('refuses %j', (password, reason) => {
    expect(rule.refusalOf('alice.smith', password)).toMatch(reason)
  })

  it('refuses admin for the administrator in every dress', () => {
    for (const password of ['admin', 'admin123', 'Admin1234!', 'ADMIN-2026']) {
      expect(rule.refusalOf('admin', password)).toBeDefined()
    }
  })

  it.each([
    'correct horse battery',
    'k:7f!Zq9:x',
    'пароль-длинный',
    'passwordless-entry-7',
    'e2e-admin-Pa55',
  ])('accepts %j', (password) => {
    expect(rule.refusalOf('admin', password)).toBeUndefined()
  })

  it('never repeats the password', () => {
    expect(rule.refusalOf('alice', 'Password1')).not.toMatch(/Password1/i)
  })
})
