import { describe, expect, it } from 'vitest'
import { entryIdOf } from './entry-id.js'

const guid = Buffer.from('33221100554477668899aabbccddeeff', 'hex')

describe('the id of an entry', () => {
  it.each([
    ['entryUUID', '597AE2F6-16a6-1027-98f4-d28b5365dc14', 'entryuuid:597ae2f6-16a6-1027-98f4-d28b5365dc14'],
    ['nsuniqueid', 'ca75e303-16611e0', 'nsuniqueid:ca75e303-16611e0'],
    ['ipaUniqueID', '7d-1', 'ipauniqueid:7d-1'],
    ['objectGUID', guid, 'objectguid:00112233-4455-6677-8899-aabbccddeeff'],
    ['objectGUID', [guid], 'objectguid:00112233-4455-6677-8899-aabbccddeeff'],
  ])('is read from %s', (attribute, value, id) => {
    expect(entryIdOf({ dn: 'uid=ann', [attribute]: value })).toBe(id)
  })

  it('is one and the same for an entry that shows several, in any order', () => {
    expect(entryIdOf({ dn: '', entryUUID: 'b', nsUniqueId: 'a', ipaUniqueID: 'c' })).toBe('nsuniqueid:a')
    expect(entryIdOf({ dn: '', ipaUniqueID: 'c', entryUUID: 'b' })).toBe('entryuuid:b')
  })

  it.each([
    ['no attribute of this kind', {}],
    ['an empty list', { entryUUID: [] }],
    ['an empty value', { entryUUID: '' }],
    ['two values', { entryUUID: ['a', 'b'] }],
    ['a NUL', { entryUUID: 'a\0' }],
    ['a value without end', { entryUUID: 'a'.repeat(257) }],
    ['a GUID that is too short', { objectGUID: guid.subarray(1) }],
    ['a GUID that is a text', { objectGUID: '00112233-4455-6677-8899-aabbccddeeff' }],
  ])('is unknown with %s', (_what, attributes) => {
    expect(entryIdOf({ dn: 'uid=ann', ...attributes })).toBeUndefined()
  })
})
