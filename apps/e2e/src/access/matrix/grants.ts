import type { Action } from '@entrepot/kernel'

/** The two repositories that hold content, and so can be named in a permission target with effect. */
export type Holder = 'local' | 'remote'
export type Kind = Holder | 'virtual' | 'nested'

export const kinds: readonly Kind[] = ['local', 'remote', 'virtual', 'nested']

export const keys: Readonly<Record<Kind, string>> = {
  local: 'm-local',
  remote: 'm-remote',
  virtual: 'm-virtual',
  nested: 'm-nested',
}

/** What is given, to whoever is given something, in the images whose names start with the case's. */
export interface GrantCase {
  readonly name: string
  readonly actions: readonly Action[]
  readonly in: readonly Kind[]
}

const content: readonly Kind[] = ['local', 'remote']
const everything: readonly Action[] = ['read', 'deploy', 'overwrite', 'delete', 'manage', 'annotate']

export const grantCases: readonly GrantCase[] = [
  { name: 'none', actions: [], in: content },
  ...everything.map((action) => ({ name: action, actions: [action], in: content })),
  { name: 'read-deploy', actions: ['read', 'deploy'], in: content },
  { name: 'deploy-overwrite', actions: ['deploy', 'overwrite'], in: content },
  { name: 'all', actions: everything, in: content },
  { name: 'all-on-local', actions: everything, in: ['local'] },
  { name: 'all-on-remote', actions: everything, in: ['remote'] },
  { name: 'all-on-virtuals', actions: everything, in: ['virtual', 'nested'] },
]

/** Who asks. */
export interface Person {
  readonly title: string
  /** Whether there is anybody to log in: else only the challenge is for them, and the anonymous token. */
  readonly isNobody: boolean
  /** Everything, nothing, or what the permission target of the case gives. */
  readonly may: 'everything' | 'nothing' | 'what is granted'
}

/** What a person may do in the images of a case: the words of the issue, without the policy. */
export class Rights {
  constructor(
    private readonly person: Person,
    private readonly grant: GrantCase,
    readonly kind: Kind,
  ) {}

  may(action: Action, holder: Holder): boolean {
    if (this.person.may !== 'what is granted') return this.person.may === 'everything'
    // Nobody manages without a name.
    if (this.person.isNobody && action === 'manage') return false
    return this.grant.in.includes(holder) && this.grant.actions.includes(action)
  }
}

/** Refused before anything is looked for: 403 with a password, 401 with a token or with nothing. */
export type Outcome = 'refused' | { readonly status: number; readonly code?: string }

const members: Readonly<Record<Kind, readonly Holder[]>> = {
  local: ['local'],
  remote: ['remote'],
  virtual: ['local', 'remote'],
  nested: ['local', 'remote'],
}

const notCached: Outcome = { status: 403, code: 'DENIED' }

/** The repository that takes what is pushed: none for a remote. */
const takers: Readonly<Record<Kind, Holder | undefined>> = {
  local: 'local',
  remote: undefined,
  virtual: 'local',
  nested: 'local',
}

export interface ReadingOf {
  readonly holder: Holder
  /** Not in the remote's cache yet. */
  readonly cold?: boolean
  readonly found?: number
  readonly absent: Outcome
}

/**
 * Read is needed where the item is; to fetch something into the cache of a remote, deploy there too. Who may read
 * something in a member, but not the item, is told what is told of an item that is not there.
 */
export function reading(rights: Rights, { holder, cold, found = 200, absent }: ReadingOf): Outcome {
  const asked = members[rights.kind].filter((member) => rights.may('read', member))
  if (asked.length === 0) return 'refused'
  const mayFetch = rights.may('deploy', 'remote')
  if (asked.includes(holder)) return cold === true && !mayFetch ? notCached : { status: found }
  return asked.includes('remote') && !mayFetch ? notCached : absent
}

/** Rights count where the content lands; who has them on a repository that takes none learns that it takes none. */
export function writing(rights: Rights, action: 'deploy' | 'delete', done: number): Outcome {
  const taker = takers[rights.kind]
  if (!rights.may(action, taker ?? 'remote')) return 'refused'
  return taker === undefined ? { status: 405, code: 'UNSUPPORTED' } : { status: done }
}

/** Whether a push or delete through this kind of repository succeeds. */
export function isDone(outcome: Outcome): boolean {
  return outcome !== 'refused' && outcome.status < 300
}
