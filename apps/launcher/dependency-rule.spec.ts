import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

interface Violation {
  readonly from: string
  readonly to: string
  readonly rule: { readonly name: string; readonly severity: string }
}

const root = fileURLToPath(new URL('../..', import.meta.url))

const cruiser = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs')

/** A house with the same rooms and nothing in them. */
const rooms: Readonly<Record<string, string>> = {
  'libs/kernel/src/index.ts': `export * from './clock.js'`,
  'libs/kernel/src/clock.ts': 'export const clock = 1',
  'libs/repositories/src/testing/index.ts': 'export const fake = 1',
  'libs/database/src/index.ts': 'export const database = 1',
  'libs/repositories/src/index.ts': 'export const repositories = 1',
  'libs/oci-repository/src/index.ts': 'export const ociRepository = 1',
  'libs/oci-api/src/index.ts': 'export const ociApi = 1',
  'apps/server/src/index.ts': 'export const server = 1',
  'migrations/index.ts': 'export const migrations = []',
  ...Object.fromEntries(
    ['pg', 'typeorm', 'ioredis', 'undici', '@nestjs/common'].flatMap((name) => [
      [`node_modules/${name}/package.json`, JSON.stringify({ name, version: '1.0.0', main: 'index.js' })],
      [`node_modules/${name}/index.js`, 'export const thing = 1'],
    ]),
  ),
}

/** With the beginning of the name of the rule: the end of it lists what else the lib may import. */
const forbidden: readonly (readonly [file: string, imported: string, rule: string])[] = [
  ['libs/kernel/src/planted.ts', '@entrepot/database', 'kernel-imports-only-nothing'],
  ['libs/oci-api/src/planted.ts', '@entrepot/database', 'only-apps-import-database'],
  ['libs/blob-store/src/planted.ts', '@entrepot/repositories', 'blob-store-imports-only-kernel'],
  ['libs/repositories/src/planted.ts', '@entrepot/oci-repository', 'repositories-imports-only-kernel'],
  ['libs/admin-api/src/planted.ts', '@entrepot/oci-api', 'admin-api-imports-only-kernel'],
  ['libs/audit/src/planted.ts', '@entrepot/repositories', 'audit-imports-only-kernel'],
  ['libs/access/src/planted.ts', '../../kernel/src/clock.js', 'access-imports-only-kernel-coordination'],
  [
    'libs/access/src/planted.spec.ts',
    '../../kernel/src/clock.js',
    'access-tests-enter-other-libs-by-the-door',
  ],
  ['libs/oci-repository/src/planted.ts', '@entrepot/repositories/testing', 'production-code-knows-no-fakes'],
  ['libs/oci-model/src/planted.ts', '../../../apps/server/src/index.js', 'libs-know-no-apps'],
  ['libs/oci-repository/src/planted-http.ts', 'undici', 'undici-only-at-home'],
  ['libs/repositories/src/planted-sql.ts', 'pg', 'typeorm|pg|embeddedpostgres-only-at-home'],
  ['libs/identity/src/planted-orm.ts', 'typeorm', 'typeorm|pg|embeddedpostgres-only-at-home'],
  ['libs/coordination/src/planted-redis.ts', 'ioredis', 'ioredis-only-at-home'],
  ['libs/oci-api/src/planted-nest.ts', '@nestjs/common', 'nestjs-only-at-home'],
  ['libs/upstream/src/planted-gap.ts', './not-there.js', 'no-unresolved'],
]

const allowed: readonly (readonly [file: string, imported: string])[] = [
  ['libs/oci-api/src/allowed.ts', '@entrepot/oci-repository'],
  ['libs/database/src/allowed.ts', 'pg'],
  ['libs/upstream/src/allowed.ts', 'undici'],
  ['libs/admin-api/src/allowed.ts', '@nestjs/common'],
  ['libs/oci-repository/src/allowed.spec.ts', '@entrepot/repositories/testing'],
  ['apps/server/src/allowed.ts', '@entrepot/database'],
]

describe('the dependency rule', () => {
  let house: string
  let violations: readonly Violation[]

  const put = (file: string, text: string): void => {
    mkdirSync(dirname(join(house, file)), { recursive: true })
    writeFileSync(join(house, file), text)
  }

  beforeAll(() => {
    house = mkdtempSync(join(tmpdir(), 'entrepot-house-'))
    cpSync(join(root, '.config/dependency-cruiser.mjs'), join(house, '.config/dependency-cruiser.mjs'))
    cpSync(join(root, 'tsconfig.base.json'), join(house, 'tsconfig.base.json'))
    for (const [file, text] of Object.entries(rooms)) put(file, text)
    for (const [file, imported] of [...forbidden, ...allowed]) put(file, `import type {} from '${imported}'`)
    put('libs/kernel/src/circle-a.ts', `import type {} from './circle-b.js'`)
    put('libs/kernel/src/circle-b.ts', `import type {} from './circle-a.js'`)
    const options = ['--config', '.config/dependency-cruiser.mjs', '--output-type', 'json']
    const cruise = spawnSync(process.execPath, [cruiser, ...options, 'apps', 'libs', 'migrations'], {
      cwd: house,
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    })
    violations = (JSON.parse(cruise.stdout) as { summary: { violations: Violation[] } }).summary.violations
  })
  afterAll(() => rmSync(house, { recursive: true, force: true }))

  const rulesBrokenBy = (file: string): readonly string[] =>
    violations
      .filter(({ from, rule }) => from === file && rule.severity === 'error')
      .map(({ rule }) => rule.name)

  it.each(forbidden)('finds that %s may not import %s', (file, _imported, rule) => {
    expect(rulesBrokenBy(file).some((name) => name.startsWith(rule))).toBe(true)
  })

  it('finds a circle inside a lib', () => {
    expect(rulesBrokenBy('libs/kernel/src/circle-a.ts')).toContain('no-cycles')
  })

  it.each(allowed)('lets %s import %s', (file) => {
    expect(rulesBrokenBy(file)).toEqual([])
  })
})
