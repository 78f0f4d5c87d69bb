import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const root = fileURLToPath(new URL('..', import.meta.url))

const alias = [
  { find: /^@entrepot\/([^/]+)\/testing$/, replacement: `${root}libs/$1/src/testing/index.ts` },
  { find: /^@entrepot\/([^/]+)$/, replacement: `${root}libs/$1/src/index.ts` },
  { find: '@entrepot-migrations', replacement: `${root}migrations/index.ts` },
]

/**
 * Two sizes that share one runner. `unit`: `*.spec.ts` beside the source, fakes and real PostgreSQL,
 * no server process. `e2e`: the built server as its own process, driven over HTTP by real clients;
 * one file at a time, because the clients share daemons and ports.
 */
export default defineConfig({
  root,
  test: {
    projects: [
      {
        root,
        resolve: { alias },
        test: {
          name: 'unit',
          include: ['libs/**/*.spec.ts', 'apps/**/*.spec.ts'],
          setupFiles: ['reflect-metadata'],
          testTimeout: 20_000,
          hookTimeout: 60_000,
        },
      },
      {
        root,
        resolve: { alias },
        test: {
          name: 'e2e',
          include: ['apps/e2e/**/*.e2e.ts'],
          setupFiles: ['reflect-metadata'],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
})
