import { describe, expect, it } from 'vitest'
import { classifyAddress } from './address-class.js'

const expected = {
  public: ['93.184.216.34', '2606:4700::1', '::ffff:93.184.216.34', '64:ff9b::5db8:d822'],
  private: [
    '10.1.2.3',
    '172.16.0.1',
    '192.168.1.1',
    '100.64.0.1',
    'fd12::1',
    '::ffff:10.0.0.1',
    '64:ff9b::a00:1',
  ],
  loopback: ['127.0.0.1', '127.255.0.1', '::1', '::ffff:127.0.0.1', '::ffff:7f00:1', '64:ff9b::7f00:1'],
  'link-local': [
    '169.254.169.254',
    '::ffff:169.254.169.254',
    'fe80::1',
    'fe80::1%eth0',
    'fd00:ec2::254',
    '100.100.100.200',
    '168.63.129.16',
  ],
  special: [
    '0.0.0.0',
    '::',
    '224.0.0.1',
    '255.255.255.255',
    '192.0.2.1',
    '2002:7f00:1::',
    '2001::1',
    '::7f00:1',
    '64:ff9b:1::1',
    'fec0::1',
    'not an address',
    '',
  ],
} as const

describe('classifyAddress', () => {
  for (const [kind, addresses] of Object.entries(expected)) {
    it.each([...addresses])(`calls %s ${kind}`, (address) => {
      expect(classifyAddress(address)).toBe(kind)
    })
  }
})
