import { anonymous } from '@entrepot/kernel'
import { userPrincipal } from '@entrepot/kernel/testing'
import { describe, expect, it } from 'vitest'
import { AdministratorsOnly } from './administrators-only.js'

const policy = new AdministratorsOnly()
const user = userPrincipal('alice', { groups: ['admin'] })

describe('AdministratorsOnly', () => {
  it('lets an administrator do everything', () => {
    expect(policy.allows({ ...user, admin: true })).toBe(true)
    expect(policy.allowsPartOf({ ...user, admin: true })).toBe(true)
    expect(policy.allowsSomewhere({ ...user, admin: true })).toBe(true)
  })

  it('lets nobody else do anything, whatever their names and groups say', () => {
    for (const principal of [anonymous, user, { ...user, name: 'admin' }]) {
      expect(policy.allows(principal)).toBe(false)
      expect(policy.allowsPartOf(principal)).toBe(false)
      expect(policy.allowsSomewhere(principal)).toBe(false)
    }
  })
})
