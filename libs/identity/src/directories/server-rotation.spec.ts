import { describe, expect, it } from 'vitest'
import type { DirectoryServer } from './directory-server.js'
import { ServerRotation } from './server-rotation.js'

describe('ServerRotation', () => {
  const names = ['a', 'b', 'c']
  const make = () => {
    const clock = { time: 0, now: () => clock.time }
    const servers = names.map((url) => ({ url }) as DirectoryServer)
    const rotation = new ServerRotation(servers, clock)
    const order = () =>
      rotation
        .order()
        .map(({ url }) => url)
        .join('')
    const of = (url: string) => servers[names.indexOf(url)] as DirectoryServer
    return { clock, rotation, order, of }
  }

  it('keeps the configured order while nothing has failed', () => {
    const { order } = make()
    expect([order(), order()]).toEqual(['abc', 'abc'])
  })

  it('asks a server that failed last for half a minute, though never not at all', () => {
    const { clock, rotation, order, of } = make()
    rotation.failed(of('a'))
    expect(order()).toBe('bca')
    clock.time = 29_999
    expect(order()).toBe('bca')
    rotation.failed(of('b'))
    rotation.failed(of('c'))
    expect(order()).toBe('abc')
  })

  it('lets one caller try it again after that, and the others wait for what comes of it', () => {
    const { clock, rotation, order, of } = make()
    rotation.failed(of('a'))
    clock.time = 30_000
    expect([order(), order(), order()]).toEqual(['abc', 'bca', 'bca'])
    rotation.answered(of('a'))
    expect(order()).toBe('abc')
  })
})
