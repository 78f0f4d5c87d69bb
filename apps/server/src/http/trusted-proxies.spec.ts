import type { IncomingMessage } from 'node:http'
import { describe, expect, it } from 'vitest'
import { parseAddressRange } from '../settings/address-range.js'
import { TrustedProxies } from './trusted-proxies.js'

const trusting = (...ranges: readonly string[]) =>
  new TrustedProxies(ranges.map((range) => parseAddressRange(range) ?? expect.fail(`${range} is no range`)))

const from = (remoteAddress: string | undefined, headers: Record<string, string> = {}) =>
  ({ socket: { remoteAddress }, headers }) as unknown as IncomingMessage

const forwardedFor = (peer: string, list: string) => from(peer, { 'x-forwarded-for': list })

describe('the address of a client', () => {
  it('is that of its connection where no proxy is trusted, whatever its headers say', () => {
    const proxies = trusting()
    for (const header of ['x-forwarded-for', 'forwarded', 'x-real-ip']) {
      const request = from('198.51.100.9', { [header]: header === 'forwarded' ? 'for=10.0.0.1' : '10.0.0.1' })
      expect(proxies.clientAddressOf(request)).toBe('198.51.100.9')
      expect(proxies.isFromProxy(request)).toBe(false)
    }
  })

  it('can not be made up by somebody who is no trusted proxy', () => {
    const proxies = trusting('10.0.0.0/8', '2001:db8::/32')
    for (const peer of ['198.51.100.9', '11.0.0.1', '2001:db9::1', '::ffff:11.0.0.1']) {
      const request = forwardedFor(peer, '10.0.0.1, 192.0.2.7')
      expect(proxies.isFromProxy(request)).toBe(false)
      expect(proxies.clientAddressOf(request)).toBe(peer.replace('::ffff:', ''))
    }
  })

  it.each([
    ['192.0.2.7', '192.0.2.7'],
    // A client that writes the header itself gets its own address appended by the proxy.
    ['10.9.9.9, 203.0.113.1, 192.0.2.7', '192.0.2.7'],
    ['192.0.2.7, 10.1.1.1', '192.0.2.7'],
    ['203.0.113.1, 192.0.2.7, 10.1.1.1, 10.2.2.2', '192.0.2.7'],
    // Everybody is trusted: the first of them asked.
    ['10.1.1.1, 10.2.2.2', '10.1.1.1'],
    ['192.0.2.7:4711, 10.1.1.1:80', '192.0.2.7'],
    ['2001:DB8:0::7', '2001:db8::7'],
    ['[2001:db8::7]:4711', '2001:db8::7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    [' 192.0.2.7 ,', '10.0.0.1'],
    ['', '10.0.0.1'],
    ['unknown', '10.0.0.1'],
    ['192.0.2.7, nonsense', '10.0.0.1'],
    ['192.0.2.7, nonsense, 10.3.3.3', '10.3.3.3'],
    ['192.0.2.7, 10.1', '10.0.0.1'],
    ['192.0.2.7, 0x0a.0.0.1', '10.0.0.1'],
    ['192.0.2.7\n10.1.1.1', '10.0.0.1'],
  ])('from a trusted proxy that says %j is %s', (list, address) => {
    expect(trusting('10.0.0.0/8').clientAddressOf(forwardedFor('10.0.0.1', list))).toBe(address)
  })

  it('is found through IPv4-mapped IPv6 addresses on either side', () => {
    expect(trusting('10.0.0.0/8').clientAddressOf(forwardedFor('::ffff:10.0.0.1', '192.0.2.7'))).toBe(
      '192.0.2.7',
    )
    const mapped = trusting('::ffff:10.0.0.0/104')
    expect(mapped.isFromProxy(from('10.3.0.1'))).toBe(true)
    expect(mapped.isFromProxy(from('11.3.0.1'))).toBe(false)
    expect(trusting().clientAddressOf(from('::ffff:192.0.2.7'))).toBe('192.0.2.7')
  })

  it('is found behind IPv6 proxies, with and without a zone', () => {
    const proxies = trusting('fe80::/10', '2001:db8:1::5')
    expect(proxies.clientAddressOf(forwardedFor('fe80::1%eth0', '2001:db8::7, 2001:db8:1::5'))).toBe(
      '2001:db8::7',
    )
    expect(proxies.isFromProxy(from('2001:db8:1::6'))).toBe(false)
  })

  it.each([
    ['for=192.0.2.7', '192.0.2.7'],
    ['for=192.0.2.7;proto=https;by=203.0.113.43', '192.0.2.7'],
    ['proto=https; For="[2001:db8::7]:4711"', '2001:db8::7'],
    ['for=10.9.9.9, for=192.0.2.7, for="10.1.1.1:80"', '192.0.2.7'],
    ['for=192.0.2.7, for=unknown', '10.0.0.1'],
    ['for=192.0.2.7, for=_hidden', '10.0.0.1'],
    ['for=192.0.2.7, proto=http', '10.0.0.1'],
    ['for="a, for=192.0.2.7', '192.0.2.7'],
    ['for="a,b", for=192.0.2.7', '192.0.2.7'],
  ])('is read of Forwarded too: %s says %s', (forwarded, address) => {
    expect(trusting('10.0.0.0/8').clientAddressOf(from('10.0.0.1', { forwarded }))).toBe(address)
  })

  it('is not that of Forwarded where the proxy writes X-Forwarded-For', () => {
    const headers = { forwarded: 'for=203.0.113.66', 'x-forwarded-for': '192.0.2.7' }
    expect(trusting('10.0.0.0/8').clientAddressOf(from('10.0.0.1', headers))).toBe('192.0.2.7')
  })

  it('is unknown once the connection has broken', () => {
    expect(trusting('0.0.0.0/0').clientAddressOf(from(undefined))).toBe('unknown')
  })
})

describe('a range of addresses', () => {
  it.each([
    '',
    '10',
    '10.1',
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/-1',
    '2001:db8::/129',
    '::ffff:10.0.0.0/95',
    '010.0.0.1',
    '0x0a.0.0.1',
    'proxy.example',
    '10.0.0.1/255.0.0.0',
  ])('is not %j', (text) => {
    expect(parseAddressRange(text)).toBeUndefined()
  })
})
