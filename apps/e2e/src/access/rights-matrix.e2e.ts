import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { registerAdminMatrix } from './matrix/admin-matrix.js'
import type { Cell, RegistryRow } from './matrix/cell.js'
import { tryCell } from './matrix/expect-outcome.js'
import { grantCases, keys, kinds, Rights, type GrantCase, type Kind, type Person } from './matrix/grants.js'
import { readRows } from './matrix/read-rows.js'
import { rootRows } from './matrix/root-rows.js'
import { registryRouteNames, requireRowForEach } from './matrix/server-routes.js'
import type { Login, Visitor } from './matrix/visitor.js'
import { admin, World } from './matrix/world.js'
import { writeRows } from './matrix/write-rows.js'
import type { Credentials } from '../support/registry-client.js'

/**
 * Who may do what, through what, with what: every row of the route table of /v2 for everybody. What has to come of it is
 * worked out from the words of the promise, in `grants`, and not by the code under test.
 */
interface Entrant extends Person {
  readonly logins: readonly Login[]
  /** Undefined for nobody. */
  readonly credentials: () => Credentials | undefined
}

let world: World
const known = new Map<string, Credentials>()
const [byHand, byToken] = [['Basic', 'Bearer'] as const, ['Basic', 'Bearer', 'AccessToken'] as const]

function entrant(title: string, may: Person['may'], logins: readonly Login[] = byHand): Entrant {
  return { title, may, logins, isNobody: false, credentials: () => known.get(title) }
}
const nobody = (title: string, may: Person['may']): Entrant => ({
  title,
  may,
  logins: byHand,
  isNobody: true,
  credentials: () => undefined,
})

const whileClosed: readonly Entrant[] = [
  nobody('nobody, while anonymous access is off', 'nothing'),
  entrant('a user with a grant', 'what is granted'),
  entrant('a member of a group with a grant', 'what is granted'),
  entrant('a robot', 'what is granted', byToken),
  entrant('a robot with a token for something else', 'nothing', byToken),
  entrant('a user without a grant', 'nothing'),
  entrant('an administrator', 'everything'),
  entrant('an administrator with a token for something else', 'nothing', byToken),
]
const whileOpen: readonly Entrant[] = [
  nobody('nobody, while anonymous access is on', 'what is granted'),
  // As in Artifactory, who logs in loses nothing that they had without.
  { ...entrant('a user without a grant', 'what is granted'), isNobody: false },
]

beforeAll(async () => {
  world = await World.start()
  await world.createRepositories()
  await world.arrange('POST', '/access/api/v2/groups', { name: 'team' })
  known.set('a user with a grant', await world.createUser('direct'))
  known.set('a member of a group with a grant', await world.createUser('member', { groups: ['team'] }))
  known.set('a user without a grant', await world.createUser('stranger'))
  known.set('an administrator', admin)
  await world.createRobot('robot')
  const elsewhere = `artifact:${keys.local}/elsewhere/**:*`
  known.set('a robot', await world.createToken('robot', 'applied-permissions/user'))
  known.set('a robot with a token for something else', await world.createToken('robot', elsewhere))
  known.set('an administrator with a token for something else', await world.createToken('admin', elsewhere))
  await world.createGrants('direct', 'team', 'robot')
  await world.createContents()
})
afterAll(async () => {
  await world?.stop()
})

const registryRows = [...readRows, ...writeRows]
let sent = 0

function registerFor(entrants: readonly Entrant[], isOpen: boolean): void {
  for (const person of entrants) {
    describe(person.title, () => {
      let visitors: readonly Visitor[]
      beforeAll(() => {
        visitors = person.logins.map((login) => world.visitor(person.credentials(), login))
      })
      for (const kind of kinds) {
        const rows = registryRows.filter((row) => row.kinds.includes(kind))
        for (const route of new Set(rows.map((row) => row.route)))
          it(`${route} in a ${kind} repository`, async () => {
            const tries = rows
              .filter((row) => row.route === route)
              .flatMap((row) =>
                visitors.flatMap((visitor) =>
                  grantCases.map((grant) => tryOne(person, kind, grant, visitor, row)),
                ),
              )
            expect((await Promise.all(tries)).filter((wrong) => wrong !== undefined)).toEqual([])
          })
      }
      it.each(rootRows)('$route', async ({ expect: expected, send, check }) => {
        for (const visitor of visitors) {
          const answer = await send(visitor)
          sent += 1
          const status = expected(person, visitor, isOpen)
          expect(`${visitor.login}: ${answer.status}`).toBe(`${visitor.login}: ${status}`)
          if (status === 200) check?.(answer, person)
        }
      })
    })
  }
}

async function tryOne(
  person: Entrant,
  kind: Kind,
  grant: GrantCase,
  visitor: Visitor,
  row: RegistryRow,
): Promise<string | undefined> {
  const content = world.contents.get(grant.name)
  if (content === undefined) throw new Error(`no content for ${grant.name}`)
  const isUnshown = person.isNobody && visitor.login === 'Basic'
  const cell: Cell = {
    world,
    visitor,
    grant,
    key: keys[kind],
    prefix: '',
    content,
    outcome: isUnshown ? 'refused' : row.expect(new Rights(person, grant, kind)),
    isReading: /^(?:GET|HEAD) (?!upload)/.test(row.route),
    isNobody: person.isNobody,
  }
  sent += 1
  const wrong = await tryCell(row, cell)
  return wrong && `${row.what}, granted ${grant.name}, ${visitor.login}: ${wrong}`
}

describe('while anonymous access is off', () => {
  registerFor(whileClosed, false)
})

describe('the admin API', () => {
  registerAdminMatrix(() => world)
})

describe('while anonymous access is on', () => {
  beforeAll(() => world.switchAnonymous(true))
  registerFor(whileOpen, true)
})

describe('the matrix', () => {
  it('has rows for every route', () => {
    requireRowForEach(registryRouteNames(), [
      ...registryRows.map(({ route }) => route),
      ...rootRows.map(({ route }) => route),
    ])
  })

  it('has tried every route for everybody', () => {
    const everybody = [...whileClosed, ...whileOpen]
    const logins = everybody.reduce((sum, { logins: ways }) => sum + ways.length, 0)
    const perLogin = registryRows.reduce((sum, row) => sum + row.kinds.length, 0) * grantCases.length
    expect(sent).toBe(logins * (perLogin + rootRows.length))
    process.stdout.write(`the rights matrix sent ${sent} rows\n`)
  })
})
