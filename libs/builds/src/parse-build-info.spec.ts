import { describe, expect, it, test } from 'vitest'
import { maximumBuildContents, parseBuildInfo } from './parse-build-info.js'

const least = { name: 'team/my app', number: '1.0', started: '2026-01-31T12:00:00.000+0100' }

describe('a build-info', () => {
  it('is kept as it came, and what it lists is known by checksum', () => {
    const document = {
      ...least,
      url: 'https://ci.example/1',
      agent: { name: 'any' },
      modules: [
        {
          id: 'app:1',
          artifacts: [{ name: 'manifest.json', sha1: 'A'.repeat(40), sha256: 'b'.repeat(64), md5: 'c' }],
          dependencies: [{ id: 'base', sha1: '' }, {}],
        },
        { id: 'empty', artifacts: null },
      ],
    }
    const build = parseBuildInfo(document)
    expect(build).toMatchObject({ name: 'team/my app', number: '1.0', url: 'https://ci.example/1' })
    expect(build.started.toISOString()).toBe('2026-01-31T11:00:00.000Z')
    expect(build.document).toBe(document)
    expect(build.contents).toEqual([
      { role: 'artifact', name: 'manifest.json', sha1: 'a'.repeat(40), sha256: 'b'.repeat(64) },
      { role: 'dependency', name: 'base', sha1: undefined, sha256: undefined },
      { role: 'dependency', name: '', sha1: undefined, sha256: undefined },
    ])
  })

  test.each([
    [{ name: undefined }, 'name is missing'],
    [{ name: '' }, 'name is ""'],
    [{ name: ' a' }, 'name is " a"'],
    [{ name: 'a\nb' }, 'name is "a\\nb"'],
    [{ name: 'x'.repeat(501) }, 'expected text of 1 to 500 characters'],
    [{ number: 7 }, 'number is 7'],
    [{ started: undefined }, 'started is missing'],
    [{ started: '2026-01-31' }, 'expected a time such as'],
    [{ started: '2026-13-31T12:00:00.000+0000' }, 'expected a time such as'],
    [{ url: 1 }, 'url is 1, expected text'],
    [{ modules: {} }, 'modules is not a list of objects'],
    [{ modules: [null] }, 'modules is not a list of objects'],
    [{ modules: [{}] }, 'modules[0].id is missing, expected text'],
    [{ modules: [{ id: 'm', artifacts: [[]] }] }, 'modules[0].artifacts is not a list of objects'],
    [
      { modules: [{ id: 'm' }, { id: 'n', dependencies: [{ sha1: 'xyz' }] }] },
      'modules[1].dependencies[0].sha1 is "xyz", expected 40 hexadecimal digits',
    ],
    [
      { modules: [{ id: 'm', artifacts: [{ name: 5 }] }] },
      'modules[0].artifacts[0].name is 5, expected text',
    ],
    [
      { modules: [{ id: 'm', artifacts: Array.from({ length: maximumBuildContents + 1 }, () => ({})) }] },
      'expected at most 200000',
    ],
  ])('is refused with %o', (changes, message) => {
    expect(() => parseBuildInfo({ ...least, ...changes })).toThrow(message)
  })
})
