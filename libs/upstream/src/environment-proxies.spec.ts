import { describe, expect, it } from 'vitest'
import { environmentProxies } from './environment-proxies.js'
import { proxyFor } from './upstream-proxy.js'

describe('the proxies of the environment', () => {
  it('are told apart by scheme, and found in either case', () => {
    const { rules, problems } = environmentProxies({
      HTTPS_PROXY: 'http://us%65r:p%40ss@proxy.example:3128',
      http_proxy: 'plain.example',
      HTTP_PROXY: '',
    })
    expect(problems).toEqual([])
    const user = { username: 'user', password: 'p@ss' }
    expect(rules?.https).toMatchObject({ name: 'HTTPS_PROXY', host: 'proxy.example', port: 3128, ...user })
    expect(rules?.http).toMatchObject({ name: 'http_proxy', host: 'plain.example', port: 80, username: '' })
    expect(environmentProxies({ NO_PROXY: '*', HTTPS_PROXY: ' ' })).toEqual({
      rules: undefined,
      problems: [],
    })
  })

  it.each([
    'https://secret:canary@proxy.example',
    'socks5://canary@proxy.example',
    'http://proxy.example/canary',
    'http://canary:%zz@proxy.example',
    'http://',
    'canary space',
  ])('are refused when they can not be used: %s', (text) => {
    const { rules, problems } = environmentProxies({ HTTPS_PROXY: text })
    expect(rules).toBeUndefined()
    expect(problems).toEqual([expect.stringMatching(/^HTTPS_PROXY \(in the environment\) can not be used/)])
    expect(problems.join()).not.toContain('canary')
  })

  it.each([
    ['', 'https://registry.example', true],
    ['registry.example', 'https://registry.example', false],
    ['REGISTRY.example', 'https://registry.example', false],
    ['example', 'https://registry.example', false],
    ['.example', 'https://registry.example', false],
    ['*.example', 'https://registry.example', false],
    ['istry.example', 'https://registry.example', true],
    ['a.test, registry.example', 'https://registry.example', false],
    ['registry.example:443', 'https://registry.example', false],
    ['registry.example:443', 'https://registry.example:8443', true],
    ['registry.example:8443', 'https://registry.example:8443', false],
    ['*', 'https://registry.example', false],
    ['10.0.0.0/8', 'https://10.1.2.3', false],
    ['10.0.0.0/8', 'https://11.1.2.3', true],
    ['10.0.0.0/8', 'https://registry.example', true],
    ['10.0.0.0/x', 'https://10.1.2.3', true],
    ['fd00::/8', 'https://[fd00::1]', false],
    ['::1', 'https://[fd00::1]', true],
    ['[fd00::1]:443', 'https://[fd00::1]', false],
    ['10.1.2.3', 'https://10.1.2.3', false],
    ['1.2.3', 'https://10.1.2.3', true],
    ['', 'https://localhost', false],
    ['', 'https://127.0.0.1:5000', false],
    ['', 'https://[::1]', false],
    ['.', 'https://registry.example', true],
  ])('except as NO_PROXY=%j says: %s', (except, url, isThrough) => {
    const { rules } = environmentProxies({ HTTPS_PROXY: 'http://proxy.example', NO_PROXY: except })
    expect(proxyFor(rules, new URL(url)) !== undefined).toBe(isThrough)
  })
})
