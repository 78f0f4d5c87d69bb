import { json, type Answer } from '../../support/registry-client.js'
import { grantCases, keys, kinds, type Holder, type Kind, Rights, type Person } from './grants.js'
import type { Visitor } from './visitor.js'

/** A request that is about no image, and what has to come of it. */
export interface RootRow {
  readonly route: string
  /** @param mayEnter whether the person has an identity, or anonymous access is open to them */
  readonly expect: (person: Person, visitor: Visitor, mayEnter: boolean) => number
  readonly send: (visitor: Visitor) => Promise<Answer>
  readonly check?: (answer: Answer, person: Person) => void
}

/** Who shows nothing is told to log in, even where anonymous may read: else no client would. */
const identified = (person: Person, visitor: Visitor, mayEnter: boolean): number => {
  if (!person.isNobody) return 200
  return mayEnter && visitor.login === 'Bearer' ? 200 : 401
}

/** A token of this endpoint earns no other. */
const granted = (person: Person, visitor: Visitor, mayEnter: boolean): number => {
  if (visitor.login === 'Bearer') return 401
  return !person.isNobody || mayEnter ? 200 : 401
}

export const rootRows: readonly RootRow[] = [
  { route: 'GET base', expect: identified, send: (visitor) => visitor.send('GET', '/v2/') },
  { route: 'HEAD base', expect: identified, send: (visitor) => visitor.send('HEAD', '/v2/') },
  { route: 'GET token', expect: granted, send: (visitor) => tokenWith(visitor, 'GET') },
  { route: 'POST token', expect: granted, send: (visitor) => tokenWith(visitor, 'POST') },
  {
    route: 'GET catalog',
    expect: identified,
    send: (visitor) => visitor.send('GET', '/v2/_catalog?n=1000'),
    check: (answer, person) => {
      const listed = (json(answer) as { repositories: string[] }).repositories
      const ours = listed.filter((name) => name.startsWith('m-')).join()
      const expected = readableNames(person).join()
      if (ours !== expected) throw new Error(`lists ${ours} instead of ${expected}`)
    },
  },
]

async function tokenWith(visitor: Visitor, method: string): Promise<Answer> {
  const isBearer = visitor.login === 'Bearer'
  const path = '/v2/token?service=entrepot'
  // Without an anonymous token to show, there is nothing but a wrong one.
  if (isBearer) return visitor.sendWith((await visitor.bearer('')) ?? 'Bearer none', method, path)
  return visitor.send(method, path)
}

/** The images of the matrix that the person may read, as the catalog sorts them. */
function readableNames(person: Person): readonly string[] {
  const imagesIn: Readonly<Record<Kind, readonly (readonly [image: string, holder: Holder])[]>> = {
    local: inLocal,
    remote: inRemote,
    virtual: [...inLocal, ...inRemote],
    nested: [...inLocal, ...inRemote],
  }
  return kinds
    .flatMap((kind) =>
      grantCases.flatMap((grant) =>
        imagesIn[kind]
          .filter(([, holder]) => new Rights(person, grant, kind).may('read', holder))
          .map(([image]) => `${keys[kind]}/${grant.name}/${image}`),
      ),
    )
    .toSorted()
}

const inLocal = [
  ['app', 'local'],
  ['in', 'local'],
] as const
const inRemote = [['far', 'remote']] as const
