import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AdminApiApp, errorsOf } from './testing/admin-api-app.js'
import { badInputRuns, insideWords } from './testing/bad-input.js'

/** What bodies of this API have; others are made up as well. */
const fieldNames = [
  'key',
  'rclass',
  'packageType',
  'url',
  'repositories',
  'defaultDeploymentRepo',
  'queryParams',
  'environments',
  'contentSynchronisation',
  'maxUniqueTags',
  'includesPattern',
  'name',
  'username',
  'password',
  'email',
  'groups',
  'admin',
  'add',
  'remove',
  'repo',
  'build',
  'resources',
  'principals',
  'actions',
  'targets',
  'includesPattern',
  'scope',
  'expires_in',
  'grant_type',
  'subject_token',
  'refresh_token',
  'audience',
  'enabled',
  'loginAttempts',
  'realm',
  'userNames',
  'members',
  'ldap_url',
  'search',
  'claims',
  'token_spec',
  'issuer_url',
  'priority',
  '__proto__',
  'constructor',
  'toString',
]

const oddTexts = [
  '',
  ' ',
  '..',
  '../../etc/passwd',
  '%',
  '%00',
  "' OR 1=1 --",
  '"; DROP TABLE users',
  '<script>',
  '${7*7}',
  '*)(uid=*',
  'a:b',
  'a\nb',
  '\u0000',
  '\ud800',
  '\u202e',
  'ｆｕｌｌ',
  '1e999',
  '-1',
  'null',
  'true',
  '{',
  '[]',
  'x'.repeat(5000),
]

const text = fc.oneof(fc.constantFrom(...oddTexts), fc.string({ unit: 'binary', maxLength: 40 }))

const { value } = fc.letrec<{ value: unknown; object: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.oneof(text, fc.integer(), fc.double(), fc.boolean(), fc.constant(null)),
    fc.array(tie('value'), { maxLength: 4 }),
    tie('object'),
  ),
  object: fc.dictionary(fc.oneof(fc.constantFrom(...fieldNames), text), tie('value'), { maxKeys: 6 }),
}))

const plausible = fc.dictionary(fc.constantFrom(...fieldNames), value, { maxKeys: 8 })

const json = fc.oneof(
  { weight: 4, arbitrary: plausible.map((body) => JSON.stringify(body)) },
  { weight: 2, arbitrary: fc.array(plausible, { maxLength: 3 }).map((body) => JSON.stringify(body)) },
  { weight: 2, arbitrary: value.map((body) => JSON.stringify(body)) },
  { weight: 1, arbitrary: fc.string() },
)

const contentType = fc.oneof(
  { weight: 8, arbitrary: fc.constant('application/json') },
  {
    weight: 1,
    arbitrary: fc.constantFrom('text/plain', 'application/x-www-form-urlencoded', 'application/xml', 'x'),
  },
)

const request = fc.record({
  parameters: fc.array(text, { minLength: 2, maxLength: 2 }),
  query: fc.dictionary(
    fc.oneof(
      fc.constantFrom(
        'type',
        'limit',
        'cursor',
        'repoType',
        'packageType',
        'from',
        'actor',
        'deep',
        'list',
        'depth',
      ),
      text,
    ),
    fc.oneof(text, fc.array(text, { maxLength: 2 })),
    { maxKeys: 3 },
  ),
  body: json,
  contentType,
})

let app: AdminApiApp
let routes: readonly string[]
beforeAll(async () => {
  app = await AdminApiApp.start()
  routes = app.routes()
})
afterAll(() => app.close())

describe('bad input to the admin API', () => {
  it('is never answered with a fault, a stack trace or SQL, on any route', async () => {
    const answered = new Set<string>()
    for (const route of routes) {
      const [shownMethod = '', pattern = ''] = route.split(' ')
      const method = shownMethod === 'ALL' ? 'PATCH' : shownMethod
      const send = async ({
        parameters,
        query,
        body,
        contentType,
      }: typeof request extends fc.Arbitrary<infer T> ? T : never) => {
        const left = [...parameters]
        const path = pattern.replace(/[:*]\w+/g, () => encode(left.shift() ?? 'x'))
        const pairs = Object.entries(query).flatMap(([name, given]) =>
          [given].flat().map((one) => `${encode(name)}=${encode(one)}`),
        )
        const raw =
          method === 'GET' ? {} : { raw: body.toWellFormed(), headers: { 'content-type': contentType } }
        const answer = await app.send(method, `${path}?${pairs.join('&')}`, undefined, raw)
        expect(answer.status, `${route}: ${answer.text}`).toBeLessThan(500)
        expect(answer.text).not.toMatch(insideWords)
        if (answer.status >= 400) expect(errorsOf(answer), route).not.toEqual([])
        answered.add(`${answer.status}`)
      }
      await fc.assert(fc.asyncProperty(request, send), { numRuns: badInputRuns.arbitrary })
    }
    // It got beyond the guard, and some of it made sense.
    for (const status of ['200', '400', '404']) expect([...answered]).toContain(status)
    expect((await app.get('nowhere')).status).toBe(400)
    expect(app.logged.filter(({ err }) => err !== undefined)).toEqual([])
  }, 120_000)
})

/** As a client would, and nothing that is no URL. */
function encode(part: string): string {
  return encodeURIComponent(part.toWellFormed())
}
