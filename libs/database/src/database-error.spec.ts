import { RegistryError } from '@entrepot/kernel'
import { describe, expect, it } from 'vitest'
import { explainDatabaseError } from './database-error.js'

const failure = (code: string) => Object.assign(new Error(`failed at 10.1.2.3 with ${code}`), { code })

describe('explainDatabaseError', () => {
  it.each([
    ['ECONNREFUSED', 'UNAVAILABLE'],
    ['ENOENT', 'UNAVAILABLE'],
    ['08006', 'UNAVAILABLE'],
    ['28P01', 'UNAVAILABLE'],
    ['3D000', 'UNAVAILABLE'],
    ['57P03', 'UNAVAILABLE'],
    ['53300', 'UNAVAILABLE'],
    ['55P03', 'UNAVAILABLE'],
    ['25006', 'UNAVAILABLE'],
    ['40P01', 'UNAVAILABLE'],
    ['53100', 'STORAGE_FULL'],
    ['22021', 'REQUEST_INVALID'],
  ])('turns %s into %s with its code, without addresses', (code, expected) => {
    const explained = explainDatabaseError(failure(code)) as RegistryError
    expect(explained).toBeInstanceOf(RegistryError)
    expect(explained.code).toBe(expected)
    expect(explained.message).toContain(code)
    expect(explained.message).not.toContain('10.1.2.3')
    expect(explained.retryAfterSeconds !== undefined).toBe(expected === 'UNAVAILABLE')
  })

  it('leaves everything else as it is', () => {
    for (const error of [failure('23505'), failure('42601'), new Error('bug'), 'text', undefined]) {
      expect(explainDatabaseError(error)).toBe(error)
    }
  })
})
