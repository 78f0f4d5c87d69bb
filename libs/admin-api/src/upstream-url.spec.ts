import { describe, expect, it } from 'vitest'
import { upstreamUrlRefusal, withoutCredentials } from './upstream-url.js'

describe('upstreamUrlRefusal', () => {
  it.each([
    'https://registry-1.docker.io',
    'https://registry-1.docker.io/',
    'http://127.0.0.1:5000',
    'http://[::1]:5000/base/path',
    'https://ghcr.io/v2/team@work',
  ])('takes %s', (url) => {
    expect(upstreamUrlRefusal(url)).toBeUndefined()
  })

  it.each([
    ['', 'such as'],
    ['registry-1.docker.io', 'such as'],
    ['ftp://registry', 'such as'],
    ['file:///etc/passwd', 'such as'],
    ['HTTPS://registry', 'such as'],
    ['https://', 'such as'],
    ['https:registry', 'such as'],
    [' https://registry', 'such as'],
    ['https://registry\\@evil', 'such as'],
    ['https://regi\nstry', 'such as'],
    ['https://registry:99999', 'such as'],
    ['https://user:secret@registry', 'without credentials'],
    ['https://user@registry', 'without credentials'],
    ['https://@registry', 'without credentials'],
    ['https://:secret@registry', 'without credentials'],
    ['https://registry?token=secret', 'without query'],
    ['https://registry/#part', 'without query'],
  ])('refuses %j', (url, reason) => {
    expect(upstreamUrlRefusal(url)).toContain(reason)
  })
})

describe('withoutCredentials', () => {
  it.each([
    ['https://user:secret@registry/path', 'https://registry/path'],
    ['https://user:sec@ret@registry', 'https://registry'],
    ['https://user:sec/ret@registry', 'https://registry'],
    ['https://registry/x?token=secret', 'https://registry/x'],
    ['https://registry#secret', 'https://registry'],
    ['ftp:user:secret@registry', 'ftp:registry'],
    ['https:\\\\user:secret@registry', 'https:registry'],
    ['https://user:sec\nret@registry', 'https://registry'],
    ['https://registry', 'https://registry'],
  ])('shows %j as %j', (url, shown) => {
    expect(withoutCredentials(url)).toBe(shown)
  })
})
