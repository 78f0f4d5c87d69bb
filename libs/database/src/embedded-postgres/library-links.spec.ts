import { mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../testing/temporary-folder.js'
import { linkLibraries } from './library-links.js'
import { findPostgres } from './postgres-installation.js'

function packageWithLibraries(): string {
  const root = temporaryFolder()
  mkdirSync(join(root, 'native/lib'), { recursive: true })
  writeFileSync(join(root, 'native/lib/libpq.so.5.18'), 'the library')
  const links = ['libpq.so', 'libpq.so.5'].map((name) => ({
    source: 'native/lib/libpq.so.5.18',
    target: `native/lib/${name}`,
  }))
  writeFileSync(join(root, 'native/pg-symlinks.json'), JSON.stringify(links))
  return root
}

describe('linkLibraries', () => {
  it('makes relative links, again without harm, and mends wrong ones', () => {
    const root = packageWithLibraries()
    symlinkSync('nowhere', join(root, 'native/lib/libpq.so.5'))
    linkLibraries(root)
    linkLibraries(root)
    expect(readFileSync(join(root, 'native/lib/libpq.so'), 'utf8')).toBe('the library')
    expect(readlinkSync(join(root, 'native/lib/libpq.so.5'))).toBe('libpq.so.5.18')
    expect(readdirSync(join(root, 'native/lib')).sort()).toEqual(['libpq.so', 'libpq.so.5', 'libpq.so.5.18'])
  })
})

describe('findPostgres', () => {
  it('names the setting to use where there is no PostgreSQL for the platform', () => {
    expect(() => findPostgres('win32-x64')).toThrow(
      /no built-in PostgreSQL for win32-x64.*ENTREPOT_DATABASE_URL/,
    )
  })
})
