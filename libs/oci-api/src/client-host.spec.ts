import type { IncomingMessage } from 'node:http'
import { describe, expect, it } from 'vitest'
import { ClientLocation, PublicLocation } from './client-location.js'
import { parseHost } from './client-host.js'
import { defaultRegistryApiSettings, type RegistryApiSettings } from './settings.js'

function realm(
  headers: Record<string, string>,
  settings: Partial<RegistryApiSettings> = {},
  prefix = '',
): string {
  const request = { headers, socket: {} } as IncomingMessage
  const target = { prefix, prefixKey: undefined, path: '', query: '' }
  const server = new PublicLocation({ ...defaultRegistryApiSettings, ...settings })
  return new ClientLocation(request, target, undefined, server).realm()
}

const trusting = { isFromProxy: () => true }

describe('the realm', () => {
  it('is on the host that the client used', () => {
    expect(realm({ host: 'Localhost:8080' })).toBe('http://localhost:8080/v2/token')
    expect(realm({ host: '[::1]:8080' })).toBe('http://[::1]:8080/v2/token')
  })

  it('is what a trusted proxy says', () => {
    const headers = {
      host: '10.0.0.7:8080',
      'x-forwarded-host': 'registry.example',
      'x-forwarded-proto': 'https',
    }
    expect(realm(headers, trusting)).toBe('https://registry.example/v2/token')
    expect(realm({ ...headers, 'x-forwarded-port': '443' }, trusting)).toBe(
      'https://registry.example/v2/token',
    )
    expect(realm({ ...headers, 'x-forwarded-port': '8443' }, trusting)).toBe(
      'https://registry.example:8443/v2/token',
    )
    expect(
      realm(
        { ...headers, 'x-forwarded-host': 'outer.example:5000, inner', 'x-forwarded-port': '1' },
        trusting,
      ),
    ).toBe('https://outer.example:5000/v2/token')
  })

  it('does not believe a forwarded header that no proxy is trusted to send', () => {
    const headers = { host: 'a:1', 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' }
    expect(realm(headers)).toBe('http://a:1/v2/token')
  })

  it('asks of each request whether it comes from a trusted proxy', () => {
    const isFromProxy = (request: IncomingMessage) => request.headers['x-peer'] === 'proxy'
    const headers = { host: 'a:1', 'x-forwarded-host': 'registry.example', 'x-forwarded-proto': 'https' }
    expect(realm({ ...headers, 'x-peer': 'proxy' }, { isFromProxy })).toBe(
      'https://registry.example/v2/token',
    )
    expect(realm({ ...headers, 'x-peer': 'other' }, { isFromProxy })).toBe('http://a:1/v2/token')
  })

  it('is the public URL where one is set, under the label that the client used', () => {
    const settings = { publicUrl: 'https://registry.example:5000/' }
    expect(realm({ host: '127.0.0.1:8080' }, settings)).toBe('https://registry.example:5000/v2/token')
    expect(realm({ host: 'docker.registry.example' }, settings)).toBe(
      'https://docker.registry.example:5000/v2/token',
    )
  })

  it('is in the prefix that the client used', () => {
    expect(realm({ host: 'a' }, {}, '/artifactory/api/docker/d')).toBe(
      'http://a/artifactory/api/docker/d/v2/token',
    )
  })

  it.each([
    [{}],
    [{ host: 'a"b' }],
    [{ host: 'a/b' }],
    [{ host: 'a@b' }],
    [{ host: 'a:0' }],
    [{ host: 'a:99999' }],
    [{ host: '[::1' }],
    [{ host: '[zz]' }],
    [{ host: 'a', 'x-forwarded-host': 'evil"' }],
    [{ host: 'a', 'x-forwarded-proto': 'javascript' }],
    [{ host: 'a', 'x-forwarded-host': 'b', 'x-forwarded-port': '1x' }],
  ])('refuses the forged headers %j', (headers) => {
    expect(() => realm(headers as Record<string, string>, trusting)).toThrow(
      expect.objectContaining({ code: 'REQUEST_INVALID' }),
    )
  })

  it.each(['registry.example', 'ftp://a', 'https://a/path', 'https://a:0', 'https://user@a'])(
    'can not be made of the public URL %s',
    (publicUrl) => {
      expect(() => realm({ host: 'a' }, { publicUrl })).toThrow('public URL')
    },
  )
})

describe('parseHost', () => {
  it('tells addresses from names', () => {
    expect(parseHost('127.0.0.1:5000')?.isAddress).toBe(true)
    expect(parseHost('[fe80::1]')).toMatchObject({ hostname: 'fe80::1', isAddress: true })
    expect(parseHost('docker.example')).toMatchObject({ isAddress: false, port: undefined })
  })
})
