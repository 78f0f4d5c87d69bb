import { byCodePoint } from '@entrepot/kernel'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AdminApiApp } from '../testing/admin-api-app.js'
import { ask, type Fields, groupNames, keys, runs, startWithNames, userNames } from '../testing/round-trip.js'

let app: AdminApiApp
beforeAll(async () => {
  app = await startWithNames()
})
afterAll(() => app.close())

describe('a permission target', () => {
  const patterns = fc.uniqueArray(fc.constantFrom('team/**', 'lib/*', '**/app/**', 'x?'), {
    minLength: 1,
    maxLength: 3,
  })
  const grantsOf = (words: readonly string[]) => {
    const some = fc.subarray([...words], { minLength: 1 })
    const toAll = (names: readonly string[]) =>
      fc.record(Object.fromEntries(names.map((name) => [name, some])), {
        requiredKeys: [],
        noNullPrototype: true,
      })
    return { users: toAll(userNames), groups: toAll(groupNames) }
  }
  const target = fc.subarray(keys, { minLength: 1 })

  it.each([
    [
      'of the security API',
      '/artifactory/api/security/permissions/subject',
      fc
        .record({
          included: patterns,
          excluded: patterns,
          repositories: target,
          ...grantsOf(['r', 'w', 'n', 'd', 'm', 'mxm']),
        })
        .map(({ included, excluded, repositories, users, groups }) => ({
          name: 'subject',
          includesPattern: included.join(','),
          excludesPattern: excluded.join(','),
          repositories,
          principals: { users, groups },
        })),
    ],
    [
      'of its second version',
      '/artifactory/api/v2/security/permissions/subject',
      fc
        .record({
          included: patterns,
          excluded: patterns,
          repositories: target,
          actions: fc.record(
            grantsOf(['read', 'write', 'annotate', 'delete', 'manage', 'managedXrayMeta', 'distribute']),
          ),
        })
        .map(({ included, excluded, repositories, actions }) => ({
          name: 'subject',
          repo: { 'include-patterns': included, 'exclude-patterns': excluded, repositories, actions },
        })),
    ],
    [
      'of the Access API',
      '/access/api/v2/permissions/subject',
      fc
        .record({
          included: patterns,
          excluded: patterns,
          repositories: target,
          actions: fc.record(grantsOf(['READ', 'WRITE', 'ANNOTATE', 'DELETE', 'MANAGE', 'SCAN', 'EXECUTE'])),
        })
        .map(({ included, excluded, repositories, actions }) => {
          const filter = { include_patterns: included, exclude_patterns: excluded }
          const targets = Object.fromEntries(repositories.map((key) => [key, filter]))
          return { name: 'subject', resources: { artifact: { actions, targets } } }
        }),
    ],
  ])('%s', async (_api, path, bodies: fc.Arbitrary<Fields>) => {
    const isAccess = path.startsWith('/access')
    const test = fc.asyncProperty(bodies, bodies, async (first, second) => {
      try {
        await ask(app, isAccess ? 'POST' : 'PUT', isAccess ? '/access/api/v2/permissions' : path, first)
        expect(sorted(await ask(app, 'GET', path))).toMatchObject(sorted(first))
        await ask(app, 'PUT', isAccess ? `${path}/artifact` : path, isAccess ? artifactOf(second) : second)
        expect(sorted(await ask(app, 'GET', path))).toEqual(expect.objectContaining(sorted(second)))
      } finally {
        await app.send('DELETE', path)
      }
    })
    await fc.assert(test, runs)
  })

  const artifactOf = ({ resources }: Fields) => (resources as { artifact: object }).artifact
})

/** Lists are sets in permission targets, and a pattern list in one text is one, too. */
function sorted(value: unknown): Fields {
  const of = (part: unknown): unknown => {
    if (Array.isArray(part)) return part.map(String).toSorted(byCodePoint)
    if (typeof part === 'string') return part.split(',').toSorted(byCodePoint).join(',')
    if (typeof part !== 'object' || part === null) return part
    return Object.fromEntries(Object.entries(part).map(([name, inner]) => [name, of(inner)]))
  }
  return of(value) as Fields
}
