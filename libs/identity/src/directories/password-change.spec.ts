import { describe, expect, it } from 'vitest'
import { passwordChangedAt } from './password-change.js'

const now = Date.parse('2026-11-21T00:00:00Z')
const at = (attributes: Record<string, string | string[]>) =>
  passwordChangedAt({ dn: 'uid=ann', ...attributes }, now)?.toISOString()

describe('when a password was changed', () => {
  it.each([
    ['pwdChangedTime', '20260102030405Z', '2026-01-02T03:04:05.000Z'],
    ['pwdchangedtime', '20260102030405.678901Z', '2026-01-02T03:04:05.678Z'],
    ['krbLastPwdChange', '20260102030405Z', '2026-01-02T03:04:05.000Z'],
    ['pwdLastSet', '132223104000000000', '2020-01-01T00:00:00.000Z'],
    ['shadowLastChange', '20000', '2024-10-04T00:00:00.000Z'],
  ])('is read from %s: %s', (attribute, value, time) => {
    expect(at({ [attribute]: value })).toBe(time)
  })

  it('is the latest of what a server shows', () => {
    expect(at({ shadowLastChange: '20000', pwdChangedTime: '20260102030405Z' })).toMatch(/^2026-01-02/)
    expect(at({ shadowLastChange: '20500', pwdChangedTime: '20240102030405Z' })).toMatch(/^2026-02-16/)
  })

  it.each([
    ['nothing', {}],
    ['an empty list', { pwdChangedTime: [] }],
    ['a password to be changed at the next login', { pwdLastSet: '0' }],
    ['a number below none', { pwdLastSet: '-1', shadowLastChange: '-1' }],
    ['a text', { pwdChangedTime: 'yesterday', shadowLastChange: 'yesterday', pwdLastSet: '' }],
    ['a time that is no time of ours', { pwdChangedTime: '20260102030405+0100' }],
    ['a time to come', { pwdChangedTime: '20261123000000Z', shadowLastChange: '99999' }],
    ['the largest number', { pwdLastSet: '9223372036854775807' }],
  ])('is not known from %s', (_what, attributes) => {
    expect(at(attributes)).toBeUndefined()
  })
})
